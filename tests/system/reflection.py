"""Calls a gRPC server of which nothing is known but its address: services and messages come from its reflection.

Only the reflection service itself is known beforehand, from Debian's grpc-proto package; no file of ours is read.
"""

import pathlib
import subprocess
import tempfile

import grpc
from google.protobuf import descriptor_pb2, descriptor_pool, message_factory

PROTO_ROOT = pathlib.Path("/usr/share/grpc-proto")
REFLECTION = "grpc/reflection/v1alpha/reflection.proto"


def _reflection_messages():
    with tempfile.NamedTemporaryFile(suffix=".pb") as output:
        subprocess.run(["protoc", f"-I{PROTO_ROOT}", f"--descriptor_set_out={output.name}", REFLECTION], check=True)
        files = descriptor_pb2.FileDescriptorSet.FromString(pathlib.Path(output.name).read_bytes())
    pool = descriptor_pool.DescriptorPool()
    for file in files.file:
        pool.Add(file)
    factory = message_factory.MessageFactory(pool)
    package = "grpc.reflection.v1alpha."
    return tuple(factory.GetPrototype(pool.FindMessageTypeByName(package + name))
                 for name in ("ServerReflectionRequest", "ServerReflectionResponse"))


class Server:
    """A server as its reflection describes it."""

    def __init__(self, address):
        self.channel = grpc.insecure_channel(address, [("grpc.enable_http_proxy", 0)])
        request, response = _reflection_messages()
        ask = self.channel.stream_stream("/grpc.reflection.v1alpha.ServerReflection/ServerReflectionInfo",
                                         request_serializer=request.SerializeToString,
                                         response_deserializer=response.FromString)

        def answer(**question):
            return next(iter(ask(iter([request(**question)]), timeout=20)))

        self.services = [service.name for service in answer(list_services="").list_services_response.service]
        self._pool = descriptor_pool.DescriptorPool()
        self._factory = message_factory.MessageFactory(self._pool)
        files = {}
        for service in self.services:
            described = answer(file_containing_symbol=service)
            for data in described.file_descriptor_response.file_descriptor_proto:
                file = descriptor_pb2.FileDescriptorProto.FromString(data)
                files[file.name] = file
        # Dependencies may come as separate answers.
        missing = [name for file in files.values() for name in file.dependency if name not in files]
        while missing:
            name = missing.pop()
            for data in answer(file_by_filename=name).file_descriptor_response.file_descriptor_proto:
                file = descriptor_pb2.FileDescriptorProto.FromString(data)
                files[file.name] = file
                missing += [other for other in file.dependency if other not in files]
        added = set()

        def add(name):
            if name not in added:
                added.add(name)
                for other in files[name].dependency:
                    add(other)
                self._pool.Add(files[name])

        for name in files:
            add(name)

    def close(self):
        self.channel.close()

    def method(self, path):
        """The descriptor of "abcds.v1.StateService/GetState"."""
        service, name = path.split("/")
        return self._pool.FindServiceByName(service).methods_by_name[name]

    def request(self, path, **fields):
        return self._factory.GetPrototype(self.method(path).input_type)(**fields)

    def message(self, name):
        return self._factory.GetPrototype(self._pool.FindMessageTypeByName(name))

    def call(self, path, timeout_s=20, **fields):
        """A unary call; raises grpc.RpcError."""
        response = self._factory.GetPrototype(self.method(path).output_type)
        return self.channel.unary_unary(f"/{path}", request_serializer=lambda message: message.SerializeToString(),
                                        response_deserializer=response.FromString)(self.request(path, **fields),
                                                                                   timeout=timeout_s)

    def stream(self, path, timeout_s=60, **fields):
        """A server stream; iterate over it, cancel() it."""
        response = self._factory.GetPrototype(self.method(path).output_type)
        return self.channel.unary_stream(f"/{path}", request_serializer=lambda message: message.SerializeToString(),
                                         response_deserializer=response.FromString)(self.request(path, **fields),
                                                                                    timeout=timeout_s)

    def raw(self, path, data, timeout_s=20):
        """Sends bytes that need not be a message."""
        return self.channel.unary_unary(f"/{path}")(data, timeout=timeout_s)

    def state(self):
        return self.call("abcds.v1.StateService/GetState").state
