// libmicrohttpd as Debian and Homebrew ship it, and its variadic calls as functions that Swift can make.
#include <microhttpd.h>

/* Everything that a control server asks for: see Sources/ControlAPI/ControlServer.swift. */
static inline struct MHD_Daemon *pod_mhd_start(
    unsigned int flags, MHD_socket listening, unsigned int connections, size_t memory,
    MHD_AccessHandlerCallback access, MHD_NotifyConnectionCallback notify,
    size_t (*unescape)(void *, struct MHD_Connection *, char *), void *owner) {
    return MHD_start_daemon(
        flags, 0, NULL, NULL, access, owner, MHD_OPTION_LISTEN_SOCKET, listening,
        MHD_OPTION_CONNECTION_LIMIT, connections, MHD_OPTION_CONNECTION_MEMORY_LIMIT, memory,
        MHD_OPTION_CONNECTION_TIMEOUT, 0u, MHD_OPTION_NOTIFY_CONNECTION, notify, owner,
        MHD_OPTION_UNESCAPE_CALLBACK, unescape, owner, MHD_OPTION_END);
}

static inline MHD_socket pod_mhd_socket(struct MHD_Connection *connection) {
    return MHD_get_connection_info(connection, MHD_CONNECTION_INFO_CONNECTION_FD)->connect_fd;
}

static inline void *pod_mhd_context(struct MHD_Connection *connection) {
    return MHD_get_connection_info(connection, MHD_CONNECTION_INFO_SOCKET_CONTEXT)->socket_context;
}
