// The services over a real channel on loopback, with a cycle that answers as the real one does.
#include "server/grpc/server.h"

#include <fcntl.h>
#include <gmock/gmock.h>
#include <grpcpp/create_channel.h>
#include <grpcpp/generic/generic_stub.h>
#include <grpcpp/security/credentials.h>
#include <gtest/gtest.h>
#include <unistd.h>

#include <memory>
#include <string>
#include <vector>

#include "abcds/v1/control.grpc.pb.h"
#include "abcds/v1/state.grpc.pb.h"
#include "server/plant/fake_cycle.h"

namespace abcds {
namespace {

using grpc::StatusCode;
using std::chrono::seconds;
using testing::HasSubstr;

// Longer than anything here takes; only a failing test waits for it.
constexpr Nanoseconds kPatience = seconds(20);

class GrpcServerTest : public testing::Test {
 protected:
  GrpcServerTest()
      : null_(open("/dev/null", O_WRONLY | O_CLOEXEC)),
        log_(LogOptions{.fd = null_}),
        cycle_([](Snapshot& s) { AddFault(s, FaultId::kConverterFaulty, 1, true, true); }),
        plant_(FakeSite(), {}, cycle_.border(), log_),
        server_(std::make_unique<GrpcServer>(plant_)) {
    plant_.Start();
    const absl::Status status = server_->Start("127.0.0.1:0");
    EXPECT_TRUE(status.ok()) << status;
    address_ = "127.0.0.1:" + std::to_string(server_->port());
    channel_ = grpc::CreateChannel(address_, grpc::InsecureChannelCredentials());
    state_ = v1::StateService::NewStub(channel_);
    control_ = v1::ControlService::NewStub(channel_);
  }
  ~GrpcServerTest() override {
    server_.reset();
    close(null_);
  }

  void Run() {
    cycle_.Start();
    ASSERT_NE(plant_.WaitNewer(0, kPatience), nullptr);
    server_->SetServing(true);
  }

  static std::unique_ptr<grpc::ClientContext> Context() {
    auto context = std::make_unique<grpc::ClientContext>();
    context->set_deadline(std::chrono::system_clock::now() + std::chrono::duration_cast<seconds>(kPatience));
    return context;
  }

  // A unary call with raw bytes, as a client without our files could send it.
  grpc::Status CallRaw(const std::string& method, const std::string& bytes, std::string* reply = nullptr) {
    grpc::GenericStub stub(channel_);
    grpc::CompletionQueue queue;
    const auto context = Context();
    const grpc::Slice slice(bytes);
    const auto call = stub.PrepareUnaryCall(context.get(), method, grpc::ByteBuffer(&slice, 1), &queue);
    call->StartCall();
    grpc::ByteBuffer response;
    grpc::Status status;
    call->Finish(&response, &status, nullptr);
    void* tag = nullptr;
    bool ok = false;
    EXPECT_TRUE(queue.Next(&tag, &ok));
    std::vector<grpc::Slice> slices;
    if (status.ok() && reply != nullptr && response.Dump(&slices).ok()) {
      for (const grpc::Slice& part : slices) reply->append(reinterpret_cast<const char*>(part.begin()), part.size());
    }
    return status;
  }

  // Field 1 of grpc.health.v1.HealthCheckResponse: 1 SERVING, 2 NOT_SERVING. The code when it fails.
  std::string Health(const std::string& service) {
    std::string request;
    if (!service.empty()) request = std::string("\x0a") + static_cast<char>(service.size()) + service;
    std::string reply;
    const grpc::Status status = CallRaw("/grpc.health.v1.Health/Check", request, &reply);
    if (!status.ok()) return std::to_string(status.error_code());
    return reply == "\x08\x01" ? "SERVING" : reply == "\x08\x02" ? "NOT_SERVING" : "?";
  }

  const int null_;
  Log log_;
  FakeCycle cycle_;
  Plant plant_;
  std::unique_ptr<GrpcServer> server_;
  std::string address_;
  std::shared_ptr<grpc::Channel> channel_;
  std::unique_ptr<v1::StateService::Stub> state_;
  std::unique_ptr<v1::ControlService::Stub> control_;
};

TEST_F(GrpcServerTest, SaysThatItIsStarting) {
  v1::GetStateResponse state;
  const grpc::Status status = state_->GetState(Context().get(), {}, &state);
  EXPECT_EQ(status.error_code(), StatusCode::UNAVAILABLE);
  EXPECT_THAT(status.error_message(), HasSubstr("starting"));
  v1::ExplainResponse explanation;
  EXPECT_EQ(state_->Explain(Context().get(), {}, &explanation).error_code(), StatusCode::UNAVAILABLE);
  EXPECT_EQ(Health(""), "NOT_SERVING");
}

TEST_F(GrpcServerTest, HealthKnowsEachService) {
  Run();
  EXPECT_EQ(Health(""), "SERVING");
  EXPECT_EQ(Health("abcds.v1.StateService"), "SERVING");
  EXPECT_EQ(Health("abcds.v1.ControlService"), "SERVING");
  EXPECT_EQ(Health("abcds.v1.Nothing"), std::to_string(StatusCode::NOT_FOUND));
}

TEST_F(GrpcServerTest, TellsTheStateAndExplains) {
  Run();
  v1::GetStateResponse response;
  ASSERT_TRUE(state_->GetState(Context().get(), {}, &response).ok());
  EXPECT_EQ(response.state().site(), "cottage");
  EXPECT_GT(response.state().cycle().sequence(), 0u);
  EXPECT_EQ(response.state().converters_size(), 2);
  v1::ExplainResponse explanation;
  ASSERT_TRUE(state_->Explain(Context().get(), {}, &explanation).ok());
  EXPECT_THAT(explanation.summary(), testing::StartsWith("Discharging 390 W"));
}

TEST_F(GrpcServerTest, WishesAreInTheStateThatTheyReturn) {
  Run();
  v1::SetTargetRequest target;
  target.set_target_w(120);
  target.mutable_lease()->set_seconds(60);
  v1::SetTargetResponse target_response;
  ASSERT_TRUE(control_->SetTarget(Context().get(), target, &target_response).ok());
  EXPECT_EQ(target_response.state().target_w(), 120);
  EXPECT_TRUE(target_response.state().has_target_lease_ends());

  v1::SetModeRequest mode;
  mode.set_mode(v1::MODE_FORCED);
  mode.set_power_w(-300);
  v1::SetModeResponse mode_response;
  ASSERT_TRUE(control_->SetMode(Context().get(), mode, &mode_response).ok());
  EXPECT_EQ(mode_response.state().mode(), v1::MODE_FORCED);
  EXPECT_EQ(mode_response.state().forced_power_w(), -300);
  EXPECT_TRUE(mode_response.state().has_lease_ends());

  v1::SetChargerEnabledRequest charger;
  charger.set_enabled(false);
  v1::SetChargerEnabledResponse charger_response;
  ASSERT_TRUE(control_->SetChargerEnabled(Context().get(), charger, &charger_response).ok());
  EXPECT_FALSE(charger_response.state().charger_enabled());
  EXPECT_TRUE(charger_response.state().discharger_enabled());

  v1::SetDischargerEnabledRequest discharger;
  discharger.set_enabled(false);
  v1::SetDischargerEnabledResponse discharger_response;
  ASSERT_TRUE(control_->SetDischargerEnabled(Context().get(), discharger, &discharger_response).ok());
  EXPECT_FALSE(discharger_response.state().discharger_enabled());
}

TEST_F(GrpcServerTest, RefusalsHaveTheRightCodeAndASentence) {
  Run();
  v1::SetChargerEnabledResponse charger_response;
  grpc::Status status = control_->SetChargerEnabled(Context().get(), {}, &charger_response);
  EXPECT_EQ(status.error_code(), StatusCode::INVALID_ARGUMENT);
  EXPECT_EQ(status.error_message(), "enabled is missing") << "missing is not false";
  v1::SetDischargerEnabledResponse discharger_response;
  status = control_->SetDischargerEnabled(Context().get(), {}, &discharger_response);
  EXPECT_EQ(status.error_message(), "enabled is missing");

  v1::SetTargetRequest target;
  v1::SetTargetResponse target_response;
  status = control_->SetTarget(Context().get(), target, &target_response);
  EXPECT_EQ(status.error_message(), "target_w is missing");
  target.set_target_w(1e9);
  status = control_->SetTarget(Context().get(), target, &target_response);
  EXPECT_EQ(status.error_code(), StatusCode::INVALID_ARGUMENT);
  EXPECT_THAT(status.error_message(), HasSubstr("a target is -20000 W to 20000 W, not 1000000000 W"));
  target.set_target_w(0);
  target.mutable_lease()->set_nanos(-1);
  target.mutable_lease()->set_seconds(1);
  EXPECT_EQ(control_->SetTarget(Context().get(), target, &target_response).error_code(), StatusCode::INVALID_ARGUMENT);

  v1::SetModeRequest mode;
  v1::SetModeResponse mode_response;
  EXPECT_EQ(control_->SetMode(Context().get(), mode, &mode_response).error_message(), "mode is missing");
  mode.set_mode(v1::MODE_FORCED);
  mode.set_power_w(5000);
  status = control_->SetMode(Context().get(), mode, &mode_response);
  EXPECT_EQ(status.error_code(), StatusCode::FAILED_PRECONDITION);
  EXPECT_THAT(status.error_message(), HasSubstr("at most 900 W"));

  v1::ClearFaultRequest clear;
  clear.set_id("converter_faulty");
  v1::ClearFaultResponse clear_response;
  status = control_->ClearFault(Context().get(), clear, &clear_response);
  EXPECT_EQ(status.error_code(), StatusCode::FAILED_PRECONDITION);
  clear.set_device("toaster");
  EXPECT_EQ(control_->ClearFault(Context().get(), clear, &clear_response).error_code(), StatusCode::NOT_FOUND);
}

TEST_F(GrpcServerTest, GarbageIsRefusedAndHarmsNothing) {
  Run();
  EXPECT_EQ(CallRaw("/abcds.v1.ControlService/SetTarget", "\xff\xff\xff\xff").error_code(), StatusCode::INTERNAL);
  EXPECT_EQ(CallRaw("/abcds.v1.ControlService/SetMood", "").error_code(), StatusCode::UNIMPLEMENTED);
  EXPECT_EQ(CallRaw("/abcds.v1.ControlService/SetTarget", std::string(2 << 20, 'x')).error_code(),
            StatusCode::RESOURCE_EXHAUSTED);
  v1::GetStateResponse response;
  EXPECT_TRUE(state_->GetState(Context().get(), {}, &response).ok());
}

TEST_F(GrpcServerTest, AStreamGetsNewerAndNewerStates) {
  Run();
  v1::WatchStateRequest request;
  request.mutable_min_interval()->set_nanos(50'000'000);
  const auto context = Context();
  const auto stream = state_->WatchState(context.get(), request);
  uint64_t sequence = 0;
  v1::WatchStateResponse response;
  for (int i = 0; i < 10; ++i) {
    ASSERT_TRUE(stream->Read(&response));
    EXPECT_GT(response.state().cycle().sequence(), sequence);
    sequence = response.state().cycle().sequence();
  }
  context->TryCancel();
  while (stream->Read(&response)) {
  }
  EXPECT_EQ(stream->Finish().error_code(), StatusCode::CANCELLED);
}

TEST_F(GrpcServerTest, TheFirstStateOfAStreamComesAtOnce) {
  Run();
  v1::WatchStateRequest request;
  request.mutable_min_interval()->set_seconds(3600);
  const auto context = Context();
  v1::WatchStateResponse response;
  EXPECT_TRUE(state_->WatchState(context.get(), request)->Read(&response));
  context->TryCancel();
}

TEST_F(GrpcServerTest, AStreamWithABadIntervalIsRefused) {
  Run();
  v1::WatchStateRequest request;
  request.mutable_min_interval()->set_nanos(1);
  const auto context = Context();
  const auto stream = state_->WatchState(context.get(), request);
  v1::WatchStateResponse response;
  EXPECT_FALSE(stream->Read(&response));
  const grpc::Status status = stream->Finish();
  EXPECT_EQ(status.error_code(), StatusCode::INVALID_ARGUMENT);
  EXPECT_THAT(status.error_message(), HasSubstr("[0.05 s, 1 h]"));
}

TEST_F(GrpcServerTest, StreamsAreLimitedAndPlacesComeBack) {
  Run();
  std::vector<std::unique_ptr<grpc::ClientContext>> contexts;
  std::vector<std::unique_ptr<grpc::ClientReader<v1::WatchStateResponse>>> streams;
  v1::WatchStateResponse response;
  const auto open = [&] {
    contexts.push_back(Context());
    streams.push_back(state_->WatchState(contexts.back().get(), {}));
    return streams.back()->Read(&response);
  };
  for (size_t i = 0; i < Watchers::kMax; ++i) ASSERT_TRUE(open());
  EXPECT_FALSE(open());
  const grpc::Status status = streams.back()->Finish();
  EXPECT_EQ(status.error_code(), StatusCode::RESOURCE_EXHAUSTED);
  EXPECT_THAT(status.error_message(), HasSubstr("64 clients watch already"));
  streams.pop_back();
  contexts.pop_back();
  contexts.front()->TryCancel();
  while (streams.front()->Read(&response)) {
  }
  // The server learns of it a moment later: the place is free when a new stream gets a state.
  bool reopened = false;
  for (int attempt = 0; attempt < 1000 && !reopened; ++attempt) {
    reopened = open();
    if (!reopened) static_cast<void>(streams.back()->Finish());
  }
  EXPECT_TRUE(reopened);
  for (const auto& context : contexts) context->TryCancel();
}

TEST_F(GrpcServerTest, StoppingEndsStreamsWithUnavailable) {
  Run();
  const auto context = Context();
  const auto stream = state_->WatchState(context.get(), {});
  v1::WatchStateResponse response;
  ASSERT_TRUE(stream->Read(&response));
  server_->Stop(kPatience);
  while (stream->Read(&response)) {
  }
  const grpc::Status status = stream->Finish();
  EXPECT_EQ(status.error_code(), StatusCode::UNAVAILABLE);
  EXPECT_THAT(status.error_message(), HasSubstr("stopping"));
}

TEST_F(GrpcServerTest, StoppingDoesNotWaitForAClientThatDoesNotRead) {
  Run();
  v1::WatchStateRequest request;
  request.mutable_min_interval()->set_nanos(50'000'000);
  const auto context = Context();
  const auto stream = state_->WatchState(context.get(), request);
  server_->Stop(std::chrono::milliseconds(200));
  context->TryCancel();
}

TEST_F(GrpcServerTest, APortIsNeverShared) {
  GrpcServer second(plant_);
  const absl::Status status = second.Start(address_);
  EXPECT_EQ(status.code(), absl::StatusCode::kAlreadyExists);
  EXPECT_THAT(std::string(status.message()), HasSubstr(address_));
  EXPECT_EQ(Health(""), "NOT_SERVING") << "the first one goes on";
}

TEST_F(GrpcServerTest, AnImpossibleAddressIsRefused) {
  GrpcServer second(plant_);
  EXPECT_EQ(second.Start("127.0.0.1:port").code(), absl::StatusCode::kAlreadyExists);
}

}  // namespace
}  // namespace abcds
