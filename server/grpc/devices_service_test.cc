// DevicesService over a real connection: what comes from the plant, what is handed on, and with which codes.
#include "server/grpc/devices_service.h"

#include <fcntl.h>
#include <gmock/gmock.h>
#include <grpcpp/channel.h>
#include <grpcpp/client_context.h>
#include <grpcpp/create_channel.h>
#include <grpcpp/security/credentials.h>
#include <gtest/gtest.h>
#include <unistd.h>

#include <atomic>
#include <memory>
#include <string>
#include <thread>

#include "hal/rt/clock.h"
#include "server/grpc/server.h"
#include "server/plant/fake_cycle.h"

namespace abcds {
namespace {

using grpc::StatusCode;
using std::chrono::seconds;
using testing::HasSubstr;

class DevicesServiceTest : public testing::Test {
 protected:
  DevicesServiceTest()
      : null_(open("/dev/null", O_WRONLY | O_CLOEXEC)),
        log_(LogOptions{.fd = null_}),
        cycle_([this](Snapshot& s) {
          if (connecting_) s.converter_states[1].lifecycle = Lifecycle::kConnecting;
        }),
        plant_(FakeSite(), {}, cycle_.border(), log_) {
    plant_.Start();
    server_ = std::make_unique<GrpcServer>(plant_, Direct());
    const absl::Status status = server_->Start("127.0.0.1:0");
    EXPECT_TRUE(status.ok()) << status;
    stub_ = v1::DevicesService::NewStub(
        grpc::CreateChannel("127.0.0.1:" + std::to_string(server_->port()), grpc::InsecureChannelCredentials()));
  }
  ~DevicesServiceTest() override {
    server_.reset();
    close(null_);
  }

  void Run() {
    cycle_.Start();
    ASSERT_NE(plant_.WaitNewer(0, seconds(20)), nullptr);
  }

  DirectDevices Direct() {
    DirectDevices direct;
    direct.types = [] {
      v1::ListDeviceTypesResponse response;
      response.add_types()->set_name("lumentree");
      return response;
    };
    direct.scan = [this](const auto& request, const auto& sink, const auto& cancelled) {
      v1::ScanDevicesResponse event;
      event.mutable_port()->set_port(request.ports(0));
      while (!cancelled() && sink(event) && request.ports_size() == 1) SleepUntil(MonotonicNow() + std::chrono::milliseconds(1));
      scan_ended_ = true;
      return absl::OkStatus();
    };
    direct.probe = [](const auto& request, const auto&) -> absl::StatusOr<v1::ProbeDeviceResponse> {
      return absl::UnavailableError("no answer from " + request.target().location().port());
    };
    direct.read = [](const auto& request, const auto&) {
      v1::ReadDeviceResponse response;
      response.add_registers()->set_address(request.registers().first());
      return absl::StatusOr<v1::ReadDeviceResponse>(response);
    };
    direct.write = [this](const auto&, const auto& cancelled) -> absl::StatusOr<v1::WriteDeviceResponse> {
      write_begun_ = true;
      while (!cancelled()) SleepUntil(MonotonicNow() + std::chrono::milliseconds(1));
      write_ended_ = true;
      return absl::CancelledError("cancelled");
    };
    direct.connection = [](const std::string& name) -> std::string { return name == "inverter" ? "/dev/ttyUSB0" : ""; };
    return direct;
  }

  static std::unique_ptr<grpc::ClientContext> Context() {
    auto context = std::make_unique<grpc::ClientContext>();
    context->set_deadline(std::chrono::system_clock::now() + seconds(20));
    return context;
  }

  static bool Becomes(const std::atomic<bool>& flag) {
    for (int i = 0; i < 10'000 && !flag; ++i) SleepUntil(MonotonicNow() + std::chrono::milliseconds(2));
    return flag;
  }

  const int null_;
  Log log_;
  std::atomic<bool> connecting_{false};
  std::atomic<bool> scan_ended_{false};
  std::atomic<bool> write_begun_{false};
  std::atomic<bool> write_ended_{false};
  FakeCycle cycle_;
  Plant plant_;
  std::unique_ptr<GrpcServer> server_;
  std::unique_ptr<v1::DevicesService::Stub> stub_;
};

TEST_F(DevicesServiceTest, ListsThePlantsDevices) {
  v1::ListDevicesResponse response;
  EXPECT_EQ(stub_->ListDevices(Context().get(), {}, &response).error_code(), StatusCode::UNAVAILABLE) << "it starts";
  Run();
  ASSERT_TRUE(stub_->ListDevices(Context().get(), {}, &response).ok());
  ASSERT_EQ(response.devices_size(), 4);
  EXPECT_EQ(response.devices(0).kind(), "meter");
  EXPECT_EQ(response.devices(1).kind(), "battery");
  EXPECT_TRUE(response.devices(1).has_age_s());
  const v1::ListedDevice& inverter = response.devices(3);
  EXPECT_EQ(inverter.name(), "inverter");
  EXPECT_EQ(inverter.type(), "lumentree");
  EXPECT_EQ(inverter.connection(), "/dev/ttyUSB0");
  EXPECT_EQ(inverter.lifecycle(), v1::LIFECYCLE_ACTIVE);
}

TEST_F(DevicesServiceTest, NamedDeviceIsAnsweredForByThePlant) {
  Run();
  v1::ProbeDeviceRequest request;
  request.mutable_target()->set_name("inverter");
  v1::ProbeDeviceResponse response;
  ASSERT_TRUE(stub_->ProbeDevice(Context().get(), request, &response).ok());
  EXPECT_EQ(response.report().type(), "lumentree");
  EXPECT_EQ(response.report().limits().at("discharge_power_max_w"), 600);
  request.mutable_target()->set_name("invertor");
  const grpc::Status status = stub_->ProbeDevice(Context().get(), request, &response);
  EXPECT_EQ(status.error_code(), StatusCode::NOT_FOUND);
  EXPECT_THAT(status.error_message(), HasSubstr("is called \"invertor\"; known: grid, bms, charger, inverter"));
}

TEST_F(DevicesServiceTest, SilentNamedDeviceIsUnavailable) {
  connecting_ = true;
  Run();
  v1::ReadDeviceRequest request;
  request.mutable_target()->set_name("inverter");
  v1::ReadDeviceResponse response;
  const grpc::Status status = stub_->ReadDevice(Context().get(), request, &response);
  EXPECT_EQ(status.error_code(), StatusCode::UNAVAILABLE);
  EXPECT_THAT(status.error_message(), HasSubstr("inverter (lumentree, /dev/ttyUSB0) does not answer"));
}

TEST_F(DevicesServiceTest, NamedDeviceIsNeitherWrittenNorReadRaw) {
  Run();
  v1::WriteDeviceRequest write;
  write.mutable_target()->set_name("inverter");
  v1::WriteDeviceResponse written;
  grpc::Status status = stub_->WriteDevice(Context().get(), write, &written);
  EXPECT_EQ(status.error_code(), StatusCode::FAILED_PRECONDITION);
  EXPECT_THAT(status.error_message(), HasSubstr("abcdsctl mode forced"));
  write.mutable_target()->set_name("nobody");
  EXPECT_EQ(stub_->WriteDevice(Context().get(), write, &written).error_code(), StatusCode::NOT_FOUND);
  v1::ReadDeviceRequest read;
  read.mutable_target()->set_name("inverter");
  read.mutable_registers()->set_count(1);
  v1::ReadDeviceResponse values;
  EXPECT_EQ(stub_->ReadDevice(Context().get(), read, &values).error_code(), StatusCode::FAILED_PRECONDITION);
  EXPECT_FALSE(write_ended_);
}

TEST_F(DevicesServiceTest, OthersAreAskedDirectly) {
  v1::ProbeDeviceRequest probe;
  probe.mutable_target()->mutable_location()->set_port("/dev/x");
  v1::ProbeDeviceResponse report;
  const grpc::Status status = stub_->ProbeDevice(Context().get(), probe, &report);
  EXPECT_EQ(status.error_code(), StatusCode::UNAVAILABLE);
  EXPECT_EQ(status.error_message(), "no answer from /dev/x");
  v1::ReadDeviceRequest read;
  read.mutable_target()->mutable_location()->set_port("/dev/x");
  read.mutable_registers()->set_first(107);
  v1::ReadDeviceResponse values;
  ASSERT_TRUE(stub_->ReadDevice(Context().get(), read, &values).ok());
  EXPECT_EQ(values.registers(0).address(), 107u);
  v1::ListDeviceTypesResponse types;
  ASSERT_TRUE(stub_->ListDeviceTypes(Context().get(), {}, &types).ok());
  EXPECT_EQ(types.types(0).name(), "lumentree");
}

TEST_F(DevicesServiceTest, ClientThatGoesEndsItsScan) {
  v1::ScanDevicesRequest request;
  request.add_ports("/dev/x");
  const auto context = Context();
  const auto stream = stub_->ScanDevices(context.get(), request);
  v1::ScanDevicesResponse event;
  ASSERT_TRUE(stream->Read(&event));
  EXPECT_EQ(event.port().port(), "/dev/x");
  EXPECT_FALSE(scan_ended_);
  context->TryCancel();
  EXPECT_TRUE(Becomes(scan_ended_));
  while (stream->Read(&event)) {
  }
  EXPECT_EQ(stream->Finish().error_code(), StatusCode::CANCELLED);
}

TEST_F(DevicesServiceTest, ClientThatGoesEndsItsWrite) {
  const auto context = Context();
  std::thread client([&] {
    v1::WriteDeviceRequest request;
    request.mutable_target()->mutable_location()->set_type("lumentree");
    v1::WriteDeviceResponse response;
    EXPECT_EQ(stub_->WriteDevice(context.get(), request, &response).error_code(), StatusCode::CANCELLED);
  });
  EXPECT_TRUE(Becomes(write_begun_));
  context->TryCancel();
  client.join();
  EXPECT_TRUE(Becomes(write_ended_));
}

}  // namespace
}  // namespace abcds
