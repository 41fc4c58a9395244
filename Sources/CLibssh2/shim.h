// libssh2 as Debian and Homebrew ship it; nothing in it needs a shim.
#include <libssh2.h>
