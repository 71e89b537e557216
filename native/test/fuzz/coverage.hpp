// Which parts of the vocabulary of plans have been seen.
#pragma once

#include <credence/plan.hpp>
#include <set>
#include <string>
#include <vector>

namespace credence::test {

class Coverage {
 public:
  void add(const Plan& plan) { addBlock(plan.code); }

  /// Names of instructions, monoids, steps and row operations that no plan had.
  std::vector<std::string> missing() const;

 private:
  void addBlock(const Block& block);

  std::set<std::string> seen_;
};

}  // namespace credence::test
