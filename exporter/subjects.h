/// The databases under observation: grown and shrunk by what discovery finds.
#pragma once

#include <cstddef>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "exporter/clock.h"
#include "exporter/config.h"
#include "exporter/discovery.h"
#include "exporter/precedence.h"
#include "exporter/subject.h"

namespace sqlite_exporter {

/// What each `[[database]]` entry found, in access paths (`rootfs` in front); nothing for an entry
/// that knows nothing yet: its databases stay as they are.
using Findings = std::vector<std::optional<std::vector<Found>>>;

class Subjects {
 public:
  /// `rootfs` is taken off the paths that name and label databases; "" if the root is ours.
  Subjects(std::vector<DatabaseConfig> entries, std::size_t max_databases, std::string rootfs = {});

  /// From now on. Databases whose entry is there still stay, perhaps under another name. Those of
  /// other entries, and those that a pattern found and `is_excluded` now by a path the node knows
  /// them by, stay until a `merge` finds them by another entry, or that which is `settled`.
  void configure(std::vector<DatabaseConfig> entries, std::size_t max_databases,
                 const std::function<bool(std::string_view)>& is_excluded);

  struct Changes {
    std::vector<std::shared_ptr<Subject>> moved;  ///< another realpath, or another link to it
    std::vector<std::shared_ptr<Subject>> removed;
  };
  /// Two paths with one realpath are one subject, that of an entry that names it, else of the
  /// earlier one, and so are two of one file without hard links: bind mounts. A name that is taken
  /// already goes to its first owner; the newcomer is named by its whole path, so that a new file
  /// never renames old series. Labels from the path follow a link that leads elsewhere now.
  /// `settled`: no walk of the configuration is still to come back for the first time.
  /// Over `max_databases` those that come later by `Precedence` are left out, and by name among
  /// equals; whoever is named or in use takes the place of a watched one that comes after it. `now`
  /// in unix seconds.
  Changes merge(const Findings& findings, bool settled = true, double now = unix_now());

  const std::vector<DatabaseConfig>& entries() const { return entries_; }
  /// Sorted by name.
  const std::map<std::string, std::shared_ptr<Subject>>& all() const { return by_name_; }
  /// How many were found at the last merge and not taken, because of `max_databases`.
  std::size_t over_limit() const { return left_out_.count; }
  const LeftOut& left_out() const { return left_out_; }
  std::set<std::string, std::less<>> paths() const;

 private:
  std::string host_path(const std::string& path) const;
  bool is_named(std::size_t entry) const;
  struct Fresh {
    std::size_t entry;
    const Found* found;
    Precedence precedence;  ///< only where there is no room for all
  };
  void note_uses(double now) const;
  void order_by_precedence(std::vector<Fresh>& fresh, double now) const;
  void leave_out(Precedence precedence, const std::string& path);
  /// Takes one out that has to make room for such a newcomer, or at any rate. False if there is
  /// none.
  bool displace(Displacement& last, std::optional<Precedence> newcomer, double now,
                Changes& changes);
  /// Gives it an entry, a path, and the name and labels that follow from them. False if both names
  /// it may have are taken.
  bool enter(const std::shared_ptr<Subject>& subject, std::size_t entry, const Found& found);
  /// Without an entry, under the name it has, or its path if that is taken. False if both are.
  bool keep_homeless(const std::shared_ptr<Subject>& subject);

  std::vector<DatabaseConfig> entries_;
  std::size_t max_databases_;
  std::string rootfs_;
  std::map<std::string, std::shared_ptr<Subject>> by_name_;
  std::vector<std::shared_ptr<Subject>> lost_;  ///< by `configure`; the next `merge` tells
  LeftOut left_out_;
};

}  // namespace sqlite_exporter
