// What the targets of data and experiments ask for of rooms that are not built for them.

#include "data/camvid.h"
#include "data/registry.h"
#include "data/sets/ade20k.h"
#include "data/sets/cityscapes.h"
#include "data/sets/coco_stuff.h"
#include "data/sets/nyudv2.h"
#include "data/sets/oxford_pets.h"
#include "data/sets/pascal_context.h"
#include "data/sets/sift_flow.h"
#include "data/voc.h"
#include "report/columns.h"
#include "report/costs.h"

namespace seglab {

const std::vector<DatasetRow>& DatasetRows() {
  static const std::vector<DatasetRow> rows = {{"voc", "", {"train"}, true}};
  return rows;
}

const std::vector<std::string>& CostNames() {
  static const std::vector<std::string> names = {"train_seconds", "parameters"};
  return names;
}

const std::vector<std::string>& ColumnNames() {
  static const std::vector<std::string> names = {"mean_iou", "boundary_f1"};
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

const LabelSet& Ade20kLabels() {
  static const LabelSet labels = NumberedLabels(150);
  return labels;
}

const LabelSet& CityscapesLabels() {
  static const LabelSet labels = NumberedLabels(19);
  return labels;
}

const LabelSet& CocoStuffLabels() {
  static const LabelSet labels = NumberedLabels(171);
  return labels;
}

const LabelSet& Nyudv2Labels() {
  static const LabelSet labels = NumberedLabels(40);
  return labels;
}

const LabelSet& OxfordPetsLabels() {
  static const LabelSet labels = NumberedLabels(2);
  return labels;
}

const LabelSet& PascalContextLabels() {
  static const LabelSet labels = NumberedLabels(60);
  return labels;
}

const LabelSet& SiftFlowLabels() {
  static const LabelSet labels = NumberedLabels(33);
  return labels;
}

}  // namespace seglab
