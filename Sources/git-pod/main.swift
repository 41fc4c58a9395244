// git-pod: every command of this project but the remote helper. Finds the verb and runs it.

import Model
import POSIX

let verbs = [
    addVerb, bridgeVerb, cloneVerb, lockVerb, pushVerb, reconcileVerb, serveVerb,
    statusVerb,
]

openStandardDescriptors()
ignoreBrokenPipes()
exit(with: runVerb(argumentBytes(), of: verbs))
