#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <csignal>

#include "crypto/secret_memory.h"
#include "daemon/cli/command_line.h"

namespace {

/// Opens /dev/null for each closed standard stream. Otherwise the first files that are opened would
/// get the descriptors of these streams, and messages would be written into them.
void keep_standard_streams_open() {
  for (int opened = 0; opened >= 0 && opened <= STDERR_FILENO;) {
    opened = ::open("/dev/null", O_RDWR);
    if (opened > STDERR_FILENO) ::close(opened);
  }
}

}  // namespace

int main(int argc, char** argv) {
  keep_standard_streams_open();
  // The umask of the caller is replaced, even a narrower one: members of the group submit files and
  // consume records.
  ::umask(S_IWGRP | S_IRWXO);
  // A write beyond the file size limit then returns an error instead of ending the process.
  std::signal(SIGXFSZ, SIG_IGN);
  attestrd::open_secret_memory();
  return attestrd::run_command_line(argc, argv);
}
