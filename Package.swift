// swift-tools-version: 6.2
// git-remote-pod: fetch straight from a pod's bare repository, and never lose a commit it made.

import PackageDescription

let strict: [SwiftSetting] = [
    .swiftLanguageMode(.v6),
    .strictMemorySafety(),
    .treatAllWarnings(as: .error),
    .enableUpcomingFeature("ExistentialAny"),
]

func module(_ name: String, _ uses: [Target.Dependency] = []) -> Target {
    .target(name: name, dependencies: uses, swiftSettings: strict)
}

func tests(_ name: String, _ uses: [Target.Dependency]) -> Target {
    .testTarget(
        name: name, dependencies: uses + ["TestSupport"], path: "Tests/\(name)",
        swiftSettings: strict)
}

let package = Package(
    name: "git-remote-pod",
    platforms: [.macOS(.v15)],
    products: [
        .executable(name: "git-remote-pod", targets: ["git-remote-pod"]),
        .executable(name: "git-pod", targets: ["git-pod"]),
    ],
    targets: [
        .systemLibrary(
            name: "CLibssh2", pkgConfig: "libssh2",
            providers: [.apt(["libssh2-1-dev"]), .brew(["libssh2"])]),
        .systemLibrary(
            name: "CLibgit2", pkgConfig: "libgit2",
            providers: [.apt(["libgit2-dev"]), .brew(["libgit2"])]),
        .systemLibrary(
            name: "CZlib", pkgConfig: "zlib", providers: [.apt(["zlib1g-dev"]), .brew(["zlib"])]),
        .systemLibrary(
            name: "CMicroHTTPD", pkgConfig: "libmicrohttpd",
            providers: [.apt(["libmicrohttpd-dev"]), .brew(["libmicrohttpd"])]),
        .systemLibrary(
            name: "CMbedCrypto", providers: [.apt(["libmbedtls-dev"]), .brew(["mbedtls@2"])]),

        module("Model"),
        module("PackProtocol", ["Model"]),
        module("POSIX", ["Model"]),
        module("SSH", ["CLibssh2", "POSIX", "Model"]),
        module("Transport", ["SSH", "POSIX", "PackProtocol", "Model"]),
        module("RemoteHelper", ["Transport", "POSIX", "PackProtocol", "Model"]),
        module("Bridge", ["POSIX", "PackProtocol", "Model"]),
        module("Git", ["CLibgit2", "CZlib", "Transport", "POSIX", "PackProtocol", "Model"]),
        module("EngineCore", ["Model"]),
        module("Engine", ["EngineCore", "Git", "Transport", "POSIX", "Model"]),
        module("ControlAPI", ["CMicroHTTPD", "CMbedCrypto", "POSIX", "Model"]),

        .executableTarget(
            name: "git-remote-pod", dependencies: ["RemoteHelper", "POSIX", "Model"],
            swiftSettings: strict),
        .executableTarget(
            name: "git-pod",
            dependencies: [
                "Engine", "EngineCore", "Git", "Bridge", "ControlAPI", "Transport", "POSIX",
                "Model",
            ],
            swiftSettings: strict),

        .target(
            name: "TestSupport", dependencies: ["POSIX", "Model"], path: "Tests/TestSupport",
            swiftSettings: strict),
        .executableTarget(
            name: "lag-proxy", dependencies: ["TestSupport", "POSIX", "Model"],
            path: "Tests/LagProxy", swiftSettings: strict),
        .executableTarget(
            name: "library-push", dependencies: ["CLibgit2", "POSIX", "Model"],
            path: "Tests/LibraryPush", swiftSettings: strict),
        .executableTarget(
            name: "fault-pipe", dependencies: ["POSIX", "Model"], path: "Tests/FaultPipe",
            swiftSettings: strict),
        .executableTarget(
            name: "replay-fuzz", dependencies: ["TestSupport", "Git", "POSIX", "Model"],
            path: "Tests/ReplayFuzz", swiftSettings: strict),
        .executableTarget(
            name: "http-fuzz", dependencies: ["TestSupport", "ControlAPI", "POSIX", "Model"],
            path: "Tests/HTTPFuzz", swiftSettings: strict),
        .executableTarget(
            name: "library-writer", dependencies: ["CLibgit2", "POSIX", "Model"],
            path: "Tests/LibraryWriter", swiftSettings: strict),
        .executableTarget(
            name: "pod-soak",
            dependencies: ["TestSupport", "ControlAPI", "POSIX", "Model"], path: "Tests/Soak",
            swiftSettings: strict),
        tests("ModelTests", ["Model"]),
        tests("PackProtocolTests", ["PackProtocol", "Model"]),
        tests("POSIXTests", ["POSIX", "Model"]),
        tests("SSHTests", ["SSH", "POSIX", "Model"]),
        tests("TransportTests", ["Transport", "SSH", "POSIX", "PackProtocol", "Model"]),
        tests("RemoteHelperTests", ["RemoteHelper", "POSIX", "Model"]),
        tests("BridgeTests", ["Bridge", "PackProtocol", "POSIX", "Model"]),
        tests("GitTests", ["Git", "Transport", "POSIX", "Model", "replay-fuzz"]),
        tests("EngineCoreTests", ["EngineCore", "Model"]),
        tests(
            "EngineTests",
            [
                "Engine", "EngineCore", "ControlAPI", "Git", "POSIX", "Model", "git-pod",
                "library-writer", "http-fuzz",
            ]),
        tests("ControlAPITests", ["ControlAPI", "POSIX", "Model"]),
        tests(
            "EndToEnd",
            ["POSIX", "Model", "git-remote-pod", "git-pod", "fault-pipe"]),
        tests(
            "HouseTests",
            ["Transport", "POSIX", "Model", "git-remote-pod", "git-pod", "fault-pipe"]),
    ]
)
