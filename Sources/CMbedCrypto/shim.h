// The part of Mbed TLS that libgit2 links anyway: message digests.
#include <mbedtls/md.h>
