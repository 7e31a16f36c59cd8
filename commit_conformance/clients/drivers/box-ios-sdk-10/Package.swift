// swift-tools-version:5.9
import PackageDescription

let package = Package(
    name: "Driver",
    platforms: [.macOS(.v12)],
    dependencies: [.package(url: "https://github.com/box/box-ios-sdk.git", exact: "10.0.0")],
    targets: [
        .executableTarget(
            name: "Driver",
            dependencies: [.product(name: "BoxSdkGen", package: "box-ios-sdk")]
        )
    ]
)
