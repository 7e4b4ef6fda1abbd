#include "command_line.h"

#include <iostream>

#include "base/error.h"
#include "base/names.h"

namespace po = boost::program_options;

namespace seglab {
namespace {

constexpr char kPositional[] = "positional";
constexpr int kMostThreads = 1024;  // each takes memory; no machine is quicker with more

}  // namespace

CommandLine::CommandLine(std::string usage, std::string summary)
    : usage_(std::move(usage)), summary_(std::move(summary)), options_("options") {
  options_.add_options()("help,h", "show this text");
}

CommandLine& CommandLine::Required(const std::string& name, std::string* value,
                                   const std::string& help) {
  options_.add_options()(name.c_str(), po::value<std::string>(value), help.c_str());
  required_.push_back(name);
  return *this;
}

CommandLine& CommandLine::Flag(const std::string& name, bool* value, const std::string& help) {
  options_.add_options()(name.c_str(), po::bool_switch(value), help.c_str());
  return *this;
}

CommandLine& CommandLine::Many(const std::string& name, std::vector<std::string>* values,
                               const std::string& help) {
  options_.add_options()(name.c_str(), po::value<std::vector<std::string>>(values)->composing(),
                         help.c_str());
  return *this;
}

CommandLine& CommandLine::Positional(std::vector<std::string>* values, int at_least, int at_most) {
  positional_ = values;
  at_least_ = at_least;
  at_most_ = at_most;
  return *this;
}

bool CommandLine::Parse(const std::vector<std::string>& args) {
  po::options_description all;
  all.add(options_);
  all.add_options()(kPositional, po::value<std::vector<std::string>>());
  po::positional_options_description positions;
  positions.add(kPositional, -1);
  const std::string hint = "; see seglab " + usage_.substr(0, usage_.find(' ')) + " --help";
  po::variables_map values;
  try {
    const int style =
        po::command_line_style::default_style & ~po::command_line_style::allow_guessing;
    po::store(po::command_line_parser(args).options(all).positional(positions).style(style).run(),
              values);
    po::notify(values);
  } catch (const po::unknown_option& error) {
    std::vector<std::string> names;
    for (const auto& option : options_.options()) names.push_back("--" + option->long_name());
    throw UsageError(UnknownName("option", error.get_option_name(), names), hint);
  } catch (const po::error& error) {
    throw UsageError(error.what(), hint);
  }
  if (values.count("help") != 0) {
    std::cout << "seglab " << usage_ << "\n  " << summary_ << "\n\n"
              << options_ << (appendix_.empty() ? "" : "\n" + appendix_);
    return false;
  }
  for (const auto& [name, value] : values) {
    if (!value.defaulted()) given_.insert(name);
  }
  if (values.count("threads") != 0) {
    const int threads = values["threads"].as<int>();
    if (threads > kMostThreads)
      throw Error("--threads: must be at most ", kMostThreads, ", found ", threads);
  }
  for (const std::string& name : required_) {
    if (values.count(name) == 0) throw UsageError("--", name, " is missing", hint);
  }
  std::vector<std::string> rest;
  if (values.count(kPositional) != 0) rest = values[kPositional].as<std::vector<std::string>>();
  const int count = static_cast<int>(rest.size());
  if (positional_ == nullptr && count > 0)
    throw UsageError("unexpected \"", rest.front(), "\"", hint);
  if (count < at_least_) throw UsageError("an argument is missing: seglab ", usage_);
  if (positional_ != nullptr && at_most_ >= 0 && count > at_most_) {
    throw UsageError("unexpected \"", rest[at_most_], "\"", hint);
  }
  if (positional_ != nullptr) *positional_ = rest;
  return true;
}

}  // namespace seglab
