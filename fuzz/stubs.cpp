// What the targets of data and experiments ask for of rooms that are not built for them.

#include "data/camvid.h"
#include "data/registry.h"
#include "data/voc.h"
#include "report/table.h"

namespace seglab {

const std::vector<DatasetRow>& DatasetRows() {
  static const std::vector<DatasetRow> rows = {{"voc", "", {"train"}, true}};
  return rows;
}

const std::vector<std::string>& CostNames() {
  static const std::vector<std::string> names = {"train_seconds", "parameters"};
  return names;
}

const LabelSet& VocLabels() {
  static const LabelSet labels = NumberedLabels(21);
  return labels;
}

const LabelSet& CamvidLabels() {
  static const LabelSet labels = NumberedLabels(11);
  return labels;
}

}  // namespace seglab
