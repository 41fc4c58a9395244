// zlib as Debian and Homebrew ship it.
#include <zlib.h>
