// libgit2 as Debian and Homebrew ship it, and its variadic options as functions that Swift can call.
#include <git2.h>
#include <git2/sys/mempack.h>
#include <git2/sys/odb_backend.h>
#include <git2/sys/repository.h>
#include <git2/sys/transport.h>

static inline int pod_git_fsync_gitdir(int enabled) {
    return git_libgit2_opts(GIT_OPT_ENABLE_FSYNC_GITDIR, enabled);
}

static inline int pod_git_validate_owner(int enabled) {
    return git_libgit2_opts(GIT_OPT_SET_OWNER_VALIDATION, enabled);
}

static inline int pod_git_search_path(git_config_level_t level, const char *path) {
    return git_libgit2_opts(GIT_OPT_SET_SEARCH_PATH, level, path);
}

static inline int pod_git_strict_hash_verification(int enabled) {
    return git_libgit2_opts(GIT_OPT_ENABLE_STRICT_HASH_VERIFICATION, enabled);
}

static inline int pod_git_cache_limit(ssize_t bytes) {
    return git_libgit2_opts(GIT_OPT_SET_CACHE_MAX_SIZE, bytes);
}

/* Our transport's objects, each with its owner behind what libgit2 sees of it. */
typedef struct {
    git_smart_subtransport base;
    void *owner;
    git_smart_subtransport_stream *stream;
} pod_git_subtransport;

typedef struct {
    git_smart_subtransport_stream base;
    void *owner;
} pod_git_stream;
