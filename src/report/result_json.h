#pragma once

#include <string>

#include "base/json.h"
#include "report/certainty.h"
#include "report/results.h"

namespace seglab {

/// Everything that is known of an experiment, with stable keys. Run folders stand relative to the
/// experiment's, so that it can be moved; undefined figures are null.
std::string ResultToJson(const ExperimentResult& result, const Certainty& certainty = {});

/// Reads "macs" and "receptive_field" of a run; older results have none, a null field is the whole
/// image.
void ReadNetworkCosts(JsonReader& reader, RunResult& run);

/// Reads the result.json of an experiment's folder back.
/// @throws Error when it is missing or not of the form that ResultToJson writes
ExperimentResult ReadExperimentResult(const std::string& folder);

}  // namespace seglab
