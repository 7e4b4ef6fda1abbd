#pragma once

#include <array>

namespace seglab {

struct CommandRow {
  const char* name;
  const char* summary;
  bool computes = false;  ///< for long enough that memory kept for tensors pays
};

/// The sub-commands, in the order of the help.
inline constexpr std::array kCommands = {
    CommandRow{"init", "look at a folder of images and masks, write an experiment for it"},
    CommandRow{"run", "run an experiment (a name or a JSON file), e.g. seglab run table2", true},
    CommandRow{"train", "train one network", true},
    CommandRow{"eval", "score a trained network on a data set", true},
    CommandRow{"predict", "segment images: indexed masks and overlays", true},
    CommandRow{"crf", "sharpen labels with a dense CRF; `crf tune` finds its parameters", true},
    CommandRow{"propose",
               "region proposals of an image, or how well they cover a data set's objects", true},
    CommandRow{"score", "score a folder of predicted masks against a folder of true ones"},
    CommandRow{"forward", "run a network on a tensor file", true},
    CommandRow{"models", "list networks and backbones, or describe one"},
    CommandRow{"weights", "look into weight files, or convert them"},
    CommandRow{"data", "list, check or export data sets"},
    CommandRow{"bench", "time parts of the work beside what the machine can do", true},
    CommandRow{"report", "write an experiment's tables and HTML report again"},
};

}  // namespace seglab
