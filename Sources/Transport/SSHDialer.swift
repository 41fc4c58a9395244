// `transport = ssh`: a pod's far command over SSH.

import Model

/// SSH to one pod.
final class SSHDialer: Dialer {
    private let carrier: SSHCarrier

    init(plan: SSHPlan, caller: any Caller) throws(Failure) {
        carrier = try SSHCarrier(plan: plan, caller: caller)
    }

    func dial(_ far: FarCommand, _ call: ServiceCall) throws(Failure) -> Connection {
        // Our bridge takes the version as an argument, which spares the round trip.
        let version = far == .plainGit && call.version > 0 ? call.version : nil
        do throws(SSHRefusal) {
            return try carrier.start(far.line(call), gitProtocol: version)
        } catch { throw error.failure }
    }
}
