"""C++ messages and gRPC stubs from .proto files, made by Debian's protoc and grpc_cpp_plugin."""

def cc_grpc_library(name, srcs, **kwargs):
    """Generates and compiles `srcs`, whose paths are relative to this package, which is also their import root.

    Headers are included as "<path of the .proto>.pb.h" and, where it has services, ".grpc.pb.h".
    """
    headers = []
    sources = []
    for src in srcs:
        stem = src[:-len(".proto")]
        headers += [stem + ".pb.h", stem + ".grpc.pb.h"]
        sources += [stem + ".pb.cc", stem + ".grpc.pb.cc"]
    package = native.package_name()
    native.genrule(
        name = name + "_generate",
        srcs = srcs,
        outs = headers + sources,
        cmd = " ".join([
            "protoc -I%s -I/usr/include" % package,
            "--plugin=protoc-gen-grpc=$$(command -v grpc_cpp_plugin)",
            "--cpp_out=$(RULEDIR) --grpc_out=$(RULEDIR) $(SRCS)",
        ]),
    )
    native.cc_library(
        name = name,
        srcs = sources,
        hdrs = headers,
        # Generated code is not ours to lint.
        copts = ["-w"],
        includes = ["."],
        deps = [
            "//third_party/grpc:grpcpp",
            "//third_party/protobuf",
        ],
        **kwargs
    )
