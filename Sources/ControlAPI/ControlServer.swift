// The engine's control API: HTTP on a unix socket in the gitdir, and on TCP, by libmicrohttpd. `git pod
// serve` starts one for each, and answers their requests.

import CMicroHTTPD
import Model
import POSIX

/// A server that answers until it is stopped.
///
/// One thread of libmicrohttpd reads requests and sends responses, a second one watches the clock and
/// who hangs up. Each connection is for one request (`Connection: close`).
@safe public final class ControlServer: @unchecked Sendable {
    /// The socket's name in the gitdir.
    public static let socketName = "git-pod.sock"

    /// Who listens; nil once it is stopped.
    private let socket: Locked<Socket?>
    private let desk: Desk
    private let reception: Reception
    private let daemon: OpaquePointer

    private enum Socket {
        case unix(ListeningSocket)
        case tcp(TCPListener)

        var descriptor: Int32 {
            switch self {
            case .unix(let socket): socket.descriptor
            case .tcp(let listener): listener.descriptor
            }
        }

        /// Takes away what others find it by; nobody is refused before it is closed.
        func remove() { if case .unix(let socket) = self { socket.remove() } }
    }

    /// Listens on the gitdir's socket, and gives `answer` the requests that `routes` has.
    ///
    /// All others are answered here: 403 to who is neither root, our user, the gitdir's owner nor of its
    /// group; 404 and 405; 400, 411 and 413 for what is malformed, chunked or too large.
    ///
    /// - Throws: ``Failure`` of kind `failed`, also if another process answers there already.
    public convenience init(
        gitdir: String, routes: [ControlRoute], limits: ControlLimits = ControlLimits(),
        answer: @escaping ControlAnswer
    ) throws(Failure) {
        let socket = try ListeningSocket(Self.socketName, in: gitdir)
        let admission = Admission.owner(user: socket.owner.user, group: socket.owner.group)
        try self.init(.unix(socket), admission, routes, limits, answer)
    }

    /// The same on TCP.
    ///
    /// - Parameter isPublic: whether only those routes are served that may be asked for from anywhere;
    ///   else 403 also goes to what a browser may have been made to ask.
    /// - Throws: ``Failure`` of kind `failed`.
    public convenience init(
        on listener: TCPListener, isPublic: Bool, routes: [ControlRoute],
        limits: ControlLimits = .tcp, answer: @escaping ControlAnswer
    ) throws(Failure) {
        try self.init(.tcp(listener), isPublic ? .anywhere : .machine, routes, limits, answer)
    }

    private init(
        _ socket: Socket, _ admission: Admission, _ routes: [ControlRoute],
        _ limits: ControlLimits, _ answer: @escaping ControlAnswer
    ) throws(Failure) {
        self.socket = Locked(socket)
        do throws(Failure) {
            desk = try Desk(limits)
        } catch {
            socket.remove()
            throw error
        }
        reception = Reception(
            routes: routes, limits: limits, admission: admission, desk: desk, answer: answer)
        guard let daemon = unsafe Self.start(socket.descriptor, limits, reception) else {
            socket.remove()
            desk.close()
            throw Failure(.failed, "cannot serve the control API")
        }
        unsafe self.daemon = daemon
    }

    deinit { stop() }

    /// For tests.
    var openConnections: Int { desk.count }

    private static func start(
        _ socket: Int32, _ limits: ControlLimits, _ reception: Reception
    ) -> OpaquePointer? {
        let modes = MHD_USE_EPOLL_INTERNAL_THREAD.rawValue | MHD_ALLOW_SUSPEND_RESUME.rawValue
        return unsafe pod_mhd_start(
            modes, socket, UInt32(limits.connections), limits.headers,
            receiveRequest, noteConnection, keepEscapes,
            Unmanaged.passUnretained(reception).toOpaque())
    }

    /// Takes the socket away, answers who still waits with 503, sees all responses off and returns.
    ///
    /// Not from within `answer`: the thread that calls it is one of those that end.
    public func stop() {
        guard let socket = socket.with({ $0.take() }) else { return }
        socket.remove()
        // From now on nobody is accepted, and libmicrohttpd leaves the socket to us: it is closed when
        // that thread has ended, and who still waited to be accepted is told so.
        unsafe MHD_quiesce_daemon(daemon)
        desk.end()
        unsafe MHD_stop_daemon(daemon)
        desk.close()
    }
}
