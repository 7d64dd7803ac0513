#include "contract/directory_contract.h"

#include "contract/memory_files.h"
#include "io/temporary_folder.h"
#include "simulation/disk.h"
#include "simulation/disk_folder.h"

namespace attestrd::test {
namespace {

class PosixMaker {
 public:
  std::unique_ptr<Directory> folder(const std::string& name) const {
    return *disk_.open()->subfolder(name);
  }

 private:
  TemporaryFolder disk_;
};

class MemoryMaker {
 public:
  std::unique_ptr<Directory> folder(const std::string& name) { return *root_.subfolder(name); }

 private:
  Faults faults_;
  MemoryFolder disk_{faults_};
  MemoryDirectory root_{disk_};
};

class SimulatedMaker {
 public:
  std::unique_ptr<Directory> folder(const std::string& name) { return *root_.subfolder(name); }

 private:
  sim::Disk disk_;
  sim::DiskFolder root_{disk_, ""};
};

using Makers = ::testing::Types<PosixMaker, MemoryMaker, SimulatedMaker>;
INSTANTIATE_TYPED_TEST_SUITE_P(Each, DirectoryContract, Makers);

}  // namespace
}  // namespace attestrd::test
