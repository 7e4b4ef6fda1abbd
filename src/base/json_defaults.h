#pragma once

#include <nlohmann/json.hpp>
#include <string>
#include <vector>

namespace seglab {

/// JSON whose objects keep the order in which they were written.
using Json = nlohmann::ordered_json;

/// While one lives, it listens to the JsonReaders of its thread and notes the values that keep
/// their default, so that a file can say all that a run was made with.
class JsonDefaults {
 public:
  JsonDefaults();
  ~JsonDefaults();
  JsonDefaults(const JsonDefaults&) = delete;
  JsonDefaults& operator=(const JsonDefaults&) = delete;

  /// Adds what was noted below `path` to the object that stood there. A name that stands for an
  /// object ("poly") becomes one ({"name": "poly"}) where it has defaults.
  void Complete(Json& object, const std::string& path) const;

  static bool Listens();
  static void Note(const std::string& path, const std::string& key, Json value);

 private:
  struct Noted {
    std::string path, key;
    Json value;
  };
  std::vector<Noted> noted_;
  JsonDefaults* outer_;
};

}  // namespace seglab
