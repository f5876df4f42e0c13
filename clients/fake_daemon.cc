#include "clients/fake_daemon.h"

#include "absl/strings/str_cat.h"
#include "clients/example_state.h"
#include "grpcpp/security/server_credentials.h"
#include "grpcpp/server_builder.h"

namespace abcds {

FakeDaemon::FakeDaemon() {
  grpc::ServerBuilder builder;
  builder.AddListeningPort("127.0.0.1:0", grpc::InsecureServerCredentials(), &port_);
  builder.RegisterService(static_cast<v1::StateService::Service*>(this));
  builder.RegisterService(static_cast<v1::ControlService::Service*>(this));
  builder.RegisterService(static_cast<v1::DevicesService::Service*>(this));
  server_ = builder.BuildAndStart();
}

FakeDaemon::~FakeDaemon() { server_->Shutdown(); }

std::string FakeDaemon::address() const { return absl::StrCat("127.0.0.1:", port_); }

void FakeDaemon::RefuseWith(grpc::Status status) {
  const std::lock_guard lock(mutex_);
  refusal_ = std::move(status);
}

std::vector<std::string> FakeDaemon::requests() const {
  const std::lock_guard lock(mutex_);
  return requests_;
}

template <class Response>
grpc::Status FakeDaemon::Answer(const char* method, const google::protobuf::Message& request, Response* response) {
  const std::lock_guard lock(mutex_);
  requests_.push_back(absl::StrCat(method, " ", request.ShortDebugString()));
  if (!refusal_.ok()) return refusal_;
  *response->mutable_state() = ExampleState();
  for (const std::string& id : latched_) {
    v1::Fault& fault = *response->mutable_state()->add_faults();
    fault.set_id(id);
    fault.set_latched(true);
  }
  return refusal_;
}

grpc::Status FakeDaemon::GetState(grpc::ServerContext*, const v1::GetStateRequest* request,
                                  v1::GetStateResponse* response) {
  return Answer("GetState", *request, response);
}

grpc::Status FakeDaemon::WatchState(grpc::ServerContext*, const v1::WatchStateRequest* request,
                                    grpc::ServerWriter<v1::WatchStateResponse>* writer) {
  v1::WatchStateResponse response;
  const grpc::Status status = Answer("WatchState", *request, &response);
  for (int i = 0; i < 3 && status.ok(); ++i) writer->Write(response);
  return status.ok() ? grpc::Status(grpc::StatusCode::UNAVAILABLE, "the daemon stops") : status;
}

grpc::Status FakeDaemon::Explain(grpc::ServerContext*, const v1::ExplainRequest*, v1::ExplainResponse* response) {
  response->set_summary("Discharging 390 W: follows the load.");
  *response->mutable_decision() = ExampleState().decision();
  return grpc::Status::OK;
}

grpc::Status FakeDaemon::SetChargerEnabled(grpc::ServerContext*, const v1::SetChargerEnabledRequest* request,
                                           v1::SetChargerEnabledResponse* response) {
  return Answer("SetChargerEnabled", *request, response);
}

grpc::Status FakeDaemon::SetDischargerEnabled(grpc::ServerContext*, const v1::SetDischargerEnabledRequest* request,
                                              v1::SetDischargerEnabledResponse* response) {
  return Answer("SetDischargerEnabled", *request, response);
}

grpc::Status FakeDaemon::SetTarget(grpc::ServerContext*, const v1::SetTargetRequest* request,
                                   v1::SetTargetResponse* response) {
  return Answer("SetTarget", *request, response);
}

grpc::Status FakeDaemon::SetMode(grpc::ServerContext*, const v1::SetModeRequest* request,
                                 v1::SetModeResponse* response) {
  return Answer("SetMode", *request, response);
}

grpc::Status FakeDaemon::ClearFault(grpc::ServerContext*, const v1::ClearFaultRequest* request,
                                    v1::ClearFaultResponse* response) {
  return Answer("ClearFault", *request, response);
}

grpc::Status FakeDaemon::Note(const char* method, const google::protobuf::Message& request) {
  const std::lock_guard lock(mutex_);
  requests_.push_back(absl::StrCat(method, " ", request.ShortDebugString()));
  return refusal_;
}

namespace {

void FillReport(v1::DeviceReport& report) {
  report.set_type("lumentree");
  report.set_connection("/dev/ttyUSB0 at 9600 baud, address 1");
  v1::DeviceDetails& details = *report.mutable_details();
  (*details.mutable_identity())["model"] = "Lumentree 600";
  (*details.mutable_readings())["ac_power_w"] = -347.8;
  (*details.mutable_readings())["temperature_c"] = 31.9;
  (*details.mutable_readings())["cell_01_voltage_v"] = 3.312;
  (*details.mutable_readings())["cell_02_voltage_v"] = 3.3;
  (*report.mutable_limits())["discharge_power_max_w"] = 600;
}

}  // namespace

void FakeDaemon::Latch(const std::string& fault) {
  const std::lock_guard lock(mutex_);
  latched_.push_back(fault);
}

void FakeDaemon::AddDevice(const v1::ListedDevice& device) {
  const std::lock_guard<std::mutex> lock(mutex_);
  more_devices_.push_back(device);
}

grpc::Status FakeDaemon::ListDevices(grpc::ServerContext*, const v1::ListDevicesRequest* request,
                                     v1::ListDevicesResponse* response) {
  v1::ListedDevice& device = *response->add_devices();
  device.set_name("inverter");
  device.set_kind("converter");
  device.set_type("lumentree");
  device.set_connection("/dev/ttyUSB0 at 9600 baud, address 1");
  device.set_lifecycle(v1::LIFECYCLE_ACTIVE);
  device.set_age_s(0.2);
  (*device.mutable_details()->mutable_counters())["bus_timeouts"] = 3;
  (*device.mutable_details()->mutable_counters())["exceptions"] = 0;
  device.mutable_details()->set_trouble("it is hot");
  {
    const std::lock_guard<std::mutex> lock(mutex_);
    for (const v1::ListedDevice& more : more_devices_) *response->add_devices() = more;
  }
  return Note("ListDevices", *request);
}

// Every verb begins with it, to see whether a daemon is there: not worth noting.
grpc::Status FakeDaemon::ListDeviceTypes(grpc::ServerContext*, const v1::ListDeviceTypesRequest*,
                                         v1::ListDeviceTypesResponse* response) {
  v1::DeviceTypeInfo& type = *response->add_types();
  type.set_name("lumentree");
  type.add_kinds("converter");
  type.set_reached_by("serial");
  type.add_bauds(9600);
  v1::DeviceTypeInfo& longest = *response->add_types();
  longest.set_name("switched-charger");
  longest.add_kinds("converter");
  return grpc::Status::OK;
}

grpc::Status FakeDaemon::ScanDevices(grpc::ServerContext*, const v1::ScanDevicesRequest* request,
                                     grpc::ServerWriter<v1::ScanDevicesResponse>* writer) {
  v1::ScanDevicesResponse event;
  event.mutable_progress()->set_port("/dev/ttyUSB0");
  writer->Write(event);
  FillReport(*event.mutable_found()->mutable_report());
  event.mutable_found()->set_config_text("bus {\n  name: \"line\"\n}\n");
  writer->Write(event);
  event.mutable_port()->set_port("/dev/ttyUSB0");
  event.mutable_port()->set_text("one device");
  writer->Write(event);
  return Note("ScanDevices", *request);
}

grpc::Status FakeDaemon::ProbeDevice(grpc::ServerContext*, const v1::ProbeDeviceRequest* request,
                                     v1::ProbeDeviceResponse* response) {
  FillReport(*response->mutable_report());
  return Note("ProbeDevice", *request);
}

grpc::Status FakeDaemon::ReadDevice(grpc::ServerContext*, const v1::ReadDeviceRequest* request,
                                    v1::ReadDeviceResponse* response) {
  FillReport(*response->mutable_report());
  for (uint32_t i = 0; i < request->registers().count(); ++i) {
    v1::RegisterValue& value = *response->add_registers();
    value.set_address(request->registers().first() + i);
    value.set_value(3478);
  }
  return Note("ReadDevice", *request);
}

grpc::Status FakeDaemon::WriteDevice(grpc::ServerContext*, const v1::WriteDeviceRequest* request,
                                     v1::WriteDeviceResponse* response) {
  response->set_verified(request->value() != -33);
  response->set_text("Told 100 W discharging.");
  return Note("WriteDevice", *request);
}

}  // namespace abcds
