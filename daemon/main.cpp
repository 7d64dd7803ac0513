#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <csignal>

#include "daemon/cli/command_line.h"

namespace {

/// Otherwise the first files opened would get their numbers, and messages would be written there.
void keep_standard_streams_open() {
  for (int opened = 0; opened >= 0 && opened <= STDERR_FILENO;) {
    opened = ::open("/dev/null", O_RDWR);
    if (opened > STDERR_FILENO) ::close(opened);
  }
}

}  // namespace

int main(int argc, char** argv) {
  keep_standard_streams_open();
  // The umask of the caller is replaced, even a narrower one: the group submits files and fetches
  // records.
  ::umask(S_IWGRP | S_IRWXO);
  // A write beyond the limit of file sizes is then an error like any other.
  std::signal(SIGXFSZ, SIG_IGN);
  return attestrd::run_command_line(argc, argv);
}
