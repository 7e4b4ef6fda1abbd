#pragma once

#include <algorithm>
#include <boost/program_options.hpp>
#include <limits>
#include <set>
#include <string>
#include <type_traits>
#include <vector>

#include "base/error.h"

namespace seglab {

/// One sub-command's options, bound to variables: the default that --help shows is the variable's
/// value.
class CommandLine {
 public:
  /// @param usage    "eval --checkpoint DIR --dataset NAME ..."
  /// @param summary  one line
  CommandLine(std::string usage, std::string summary);

  /// A number must be 0 or more, or as much as its default where that is less.
  /// @param any_number  it need not
  template <typename T>
  CommandLine& Option(const std::string& name, T* value, const std::string& help,
                      bool any_number = false) {
    namespace po = boost::program_options;
    auto* semantic = po::value<T>(value)->default_value(*value);
    if constexpr (std::is_arithmetic_v<T>) {
      const T least = any_number ? std::numeric_limits<T>::lowest() : std::min<T>(*value, 0);
      semantic->notifier([name, least](T given) {
        if (given < least)
          throw UsageError("--", name, ": must be ", least, " or more, found ", given);
      });
    }
    options_.add_options()(name.c_str(), semantic, help.c_str());
    return *this;
  }
  CommandLine& Required(const std::string& name, std::string* value, const std::string& help);
  CommandLine& Flag(const std::string& name, bool* value, const std::string& help);
  /// May be given several times.
  CommandLine& Many(const std::string& name, std::vector<std::string>* values,
                    const std::string& help);
  /// What stands without a name. `at_least` of them must be there, `at_most` may (-1: any number).
  CommandLine& Positional(std::vector<std::string>* values, int at_least, int at_most);

  /// Stands behind the options in --help.
  CommandLine& Appendix(const std::string& text) {
    appendix_ = text;
    return *this;
  }

  /// @return false when --help was asked for and has been printed
  /// @throws UsageError
  bool Parse(const std::vector<std::string>& args);
  /// Whether the option stood there, after Parse.
  bool Given(const std::string& name) const { return given_.count(name) != 0; }

 private:
  std::string usage_, summary_, appendix_;
  boost::program_options::options_description options_;
  std::vector<std::string> required_;
  std::set<std::string> given_;
  std::vector<std::string>* positional_ = nullptr;
  int at_least_ = 0, at_most_ = 0;
};

}  // namespace seglab
