#pragma once

#include <nlohmann/json.hpp>
#include <string>
#include <vector>

namespace seglab {

/// JSON whose objects keep the order in which they were written.
using Json = nlohmann::ordered_json;

/// While one lives, it listens to the JsonReaders of its thread and notes which values below a path
/// keep their default, so that a file can say all that a run was made with.
class JsonDefaults {
 public:
  explicit JsonDefaults(std::string path);
  ~JsonDefaults();
  JsonDefaults(const JsonDefaults&) = delete;
  JsonDefaults& operator=(const JsonDefaults&) = delete;

  /// Adds what was noted to the object that stood at the path. Of what the object lacks whole
  /// members are made, "backbone": {...}; a name that stands for an object ("poly") becomes one
  /// ({"name": "poly"}) where its key is one of `named`, else it stays, without defaults.
  /// @param left_out  members of the object that are left as they are
  void Complete(Json& object, const std::vector<std::string>& named,
                const std::vector<std::string>& left_out = {}) const;

  static bool Listens();
  static void Note(const std::string& path, const std::string& key, Json value);

 private:
  struct Noted {
    std::string path, key;
    Json value;
  };
  std::string path_;
  std::vector<Noted> noted_;
  JsonDefaults* outer_;
};

}  // namespace seglab
