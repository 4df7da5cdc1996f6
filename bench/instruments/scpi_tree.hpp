#pragma once

#include <array>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

namespace meterrig::bench {

// The headers a device understands, compiled from patterns such as
// ":SOURce#:VOLTage[:LEVel][:IMMediate][:AMPLitude]": brackets hold optional nodes, # stands for a numeric suffix that
// may be left out.
class ScpiTree {
 public:
  static constexpr int none = -1;

  struct Node {
    std::string long_name;
    std::size_t short_length = 0;
    bool suffixed = false;
    int set = none;  // index of the command
    int query = none;
    Node* parent = nullptr;
    std::vector<std::unique_ptr<Node>> children;
  };
  struct Match {
    const Node* node = nullptr;
    std::array<int, 4> suffixes{};  // of suffixed nodes, in their order; 0: not given
    int suffix_count = 0;
  };

  // Throws std::logic_error when the pattern collides with another one.
  void add(std::string_view pattern, bool query, int command);
  // `header` without its leading colon and question mark, looked for below `from`.
  // Throws ScpiError -102, -112, -113 or -114.
  Match find(const Node& from, std::string_view header) const;
  const Node& root() const noexcept { return root_; }

 private:
  Node root_;
};

}  // namespace meterrig::bench
