// Single fields that are missing, unreadable, out of range or not unique.
#include "tests/config/bad_config.h"

namespace abcds {
namespace {

TEST_P(BadConfigTest, IsRefusedWithTheReason) {
  EXPECT_EQ(ProblemsOf(Changed(GetParam().from, GetParam().to)), GetParam().problems);
}

INSTANTIATE_TEST_SUITE_P(
    Missing, BadConfigTest,
    testing::Values(
        Case{"Meter",
             "meter { mqtt { broker { host: \"broker\" } topic: \"power\" } }",
             "",
             {"f: meter is missing: without one the grid's power is unknown"}},
        Case{"MeterDevice",
             "mqtt { broker { host: \"broker\" } topic: \"power\" }",
             "interval_s: 1",
             {"f:2: meter has no device: one of house, mqtt, shelly_3em"}},
        Case{"Converter",
             "converter { name: \"inverter\" lumentree { model: MODEL_600 bus: \"line\" } }",
             "",
             {"f: converter is missing: at least one charger or inverter"}},
        Case{"ConverterDevice",
             "lumentree { model: MODEL_600 bus: \"line\" }",
             "",
             {"f:3: converter[0] has no device: one of house_charger, house_discharger, lumentree, trucki"}},
        Case{"Battery",
             "battery { cells: 8 capacity_ah: 100 }",
             "",
             {"f: battery is missing: at least its cells and capacity_ah"}},
        Case{"BatteryFields",
             "cells: 8 capacity_ah: 100",
             "",
             {"f:4: battery.cells is missing: a whole number in [1, 64]",
              "f:4: battery.capacity_ah is missing: a number in [1, 10000]"}},
        Case{"Broker",
             "broker { host: \"broker\" }",
             "",
             {"f:2: meter.mqtt.broker is missing: host and port of the MQTT broker"}},
        Case{"Host", "host: \"broker\"", "", {"f:2: meter.mqtt.broker.host is missing: text in quotes"}},
        Case{"Topic", " topic: \"power\"", "", {"f:2: meter.mqtt.topic is missing: text in quotes"}},
        Case{"EmptyTopic", "topic: \"power\"", "topic: \"\"", {"f:2: meter.mqtt.topic is empty"}},
        Case{"Model",
             "model: MODEL_600 ",
             "",
             {"f:3: converter[0].lumentree.model is missing: one of MODEL_600, MODEL_1000, MODEL_2000"}},
        Case{"UnspecifiedModel",
             "MODEL_600",
             "MODEL_UNSPECIFIED",
             {"f:3: converter[0].lumentree.model is missing: one of MODEL_600, MODEL_1000, MODEL_2000"}},
        Case{"BusReference", " bus: \"line\"", "", {"f:3: converter[0].lumentree.bus is missing: text in quotes"}},
        Case{"ConverterName", "name: \"inverter\" ", "", {"f:3: converter[0].name is missing: text in quotes"}},
        Case{"BusFields",
             "name: \"line\" port: \"/dev/ttyUSB0\"",
             "baud: 9600",
             {"f:1: bus[0].name is missing: text in quotes", "f:1: bus[0].port is missing: text in quotes",
              "f:3: converter[0].lumentree.bus = \"line\" is the name of no bus: the file names none"}},
        Case{"AnUnreadableFieldIsNotMissingToo",
             "cells: 8",
             "cells: \"8\"",
             {"f:4:11: battery.cells = \"8\" must be a whole number in [1, 64]"}}),
    NameOf);

INSTANTIATE_TEST_SUITE_P(
    Ranges, BadConfigTest,
    testing::Values(
        Case{"MaxDischarge",
             "lumentree {",
             "max_discharge_w: 90000 lumentree {",
             {"f:3: converter[0].max_discharge_w = 90000 is outside [0, 20000]"}},
        Case{"NotANumber", "mqtt {", "interval_s: nan mqtt {", {"f:2: meter.interval_s = nan is outside [0.05, 60]"}},
        Case{"Infinity", "mqtt {", "latency_s: inf mqtt {", {"f:2: meter.latency_s = inf is outside [0, 60]"}},
        Case{"NoCells", "cells: 8", "cells: 0", {"f:4: battery.cells = 0 is outside [1, 64]"}},
        Case{"Address",
             "model: MODEL_600",
             "model: MODEL_600 address: 248",
             {"f:3: converter[0].lumentree.address = 248 is outside [1, 247]"}},
        Case{"Period",
             "battery {",
             "real_time { period_ms: 0 priority: 50 cpu: 300 }\nbattery {",
             {"f:4: real_time.period_ms = 0 is outside [1, 200]", "f:4: real_time.priority = 50 is outside [1, 49]",
              "f:4: real_time.cpu = 300 is outside [0, 255]"}},
        Case{"ControlCharacters", "\"power\"", "\"po\\nwer\"", {"f:2: meter.mqtt.topic contains control characters"}},
        Case{"OddBaud",
             "port:",
             "baud: 9601 port:",
             {"f:1: bus[0].baud = 9601 is none of 1200, 2400, 4800, 9600, 19200, 38400, 57600, 115200"}},
        Case{"BaudBeyond", "port:", "baud: 921600 port:", {"f:1: bus[0].baud = 921600 is outside [1200, 115200]"}}),
    NameOf);

INSTANTIATE_TEST_SUITE_P(
    NamesAndBuses, BadConfigTest,
    testing::Values(
        Case{"BlankInAName",
             "\"inverter\"",
             "\"my inverter\"",
             {"f:3: converter[0].name = \"my inverter\" is no name: 1 to 40 letters, digits, - and _"}},
        Case{"BlankInTheSite",
             "bus {",
             "site: \"my home\" bus {",
             {"f:1: site = \"my home\" is no name: 1 to 40 letters, digits, - and _"}},
        Case{"EmptyMeterName", "mqtt {", "name: \"\" mqtt {", {"f:2: meter.name is empty"}},
        Case{"ConverterNamedAsTheMeter",
             "\"inverter\"",
             "\"grid\"",
             {"f:3: converter[0].name = \"grid\" is already the name of meter"}},
        Case{"TwoBusesOfOneName",
             "meter {",
             "bus { name: \"line\" port: \"/dev/ttyUSB1\" }\nmeter {",
             {"f:2: bus[1].name = \"line\" is already the name of bus[0]"}},
        Case{"TwoBusesOnOnePort",
             "meter {",
             "bus { name: \"other\" port: \"/dev/ttyUSB0\" }\nmeter {",
             {"f:2: bus[1].port = \"/dev/ttyUSB0\" is already the port of bus[0]; devices on one line share one bus"}},
        Case{"RelativePort",
             "/dev/ttyUSB0",
             "ttyUSB0",
             {"f:1: bus[0].port = \"ttyUSB0\" must be a full path (\"/dev/serial/by-id/…\") or \"tcp://host:port\""}},
        Case{"TcpWithoutPort",
             "/dev/ttyUSB0",
             "tcp://adapter",
             {"f:1: bus[0].port = \"tcp://adapter\" must be a full path (\"/dev/serial/by-id/…\") or "
              "\"tcp://host:port\""}},
        Case{"UnknownBus",
             "bus: \"line\"",
             "bus: \"lien\"",
             {"f:3: converter[0].lumentree.bus = \"lien\" is the name of no bus: one of line"}},
        Case{"TwoDevicesAtOneAddress",
             "battery {",
             "converter { name: \"b\" lumentree { model: MODEL_600 bus: \"line\" address: 1 } }\nbattery {",
             {"f:4: converter[1].lumentree.address = 1 is already the address of converter[0].lumentree on bus "
              "\"line\""}},
        Case{"TwoTypesAtOneAddress",
             "battery {",
             "converter { name: \"b\" trucki { model: MODEL_1000 bus: \"line\" } }\nbattery {",
             {"f:4: converter[1].trucki.address = 1 is already the address of converter[0].lumentree on bus "
              "\"line\""}},
        Case{"TwoTypesAtTwoAddressesAreFine",
             "battery {",
             "converter { name: \"b\" trucki { model: MODEL_1000 bus: \"line\" address: 2 } }\nbattery {",
             {}},
        Case{"TruckiWhereItIsAMaster",
             "lumentree { model: MODEL_600 bus: \"line\" }",
             "trucki { model: MODEL_1000 bus: \"line\" address: 16 }",
             {"f:3: converter[0].trucki.address = 16 is outside [1, 15]"}},
        Case{"TruckiWithoutModel",
             "lumentree { model: MODEL_600 bus: \"line\" }",
             "trucki { bus: \"line\" }",
             {"f:3: converter[0].trucki.model is missing: one of MODEL_1000, MODEL_2000"}},
        Case{"BytesAndModbusOnOneLine",
             "battery {",
             "bms { jk_bms { bus: \"line\" } }\nbattery {",
             {"f:3: converter[0].lumentree.bus = \"line\": a lumentree speaks Modbus RTU and shares no line with the "
              "4E57 of bms.jk_bms; name another bus"}},
        Case{"BytesAndModbusOnOneLineAlsoAtOneRate",
             "bus { name: \"line\" port: \"/dev/ttyUSB0\" }",
             "bus { name: \"line\" port: \"/dev/ttyUSB0\" baud: 9600 } bms { jk_bms { bus: \"line\" } }",
             {"f:3: converter[0].lumentree.bus = \"line\": a lumentree speaks Modbus RTU and shares no line with the "
              "4E57 of bms.jk_bms; name another bus"}},
        Case{"TwoConvertersOfOneName",
             "battery {",
             "converter { name: \"inverter\" lumentree { model: MODEL_600 bus: \"line\" address: 2 } }\nbattery {",
             {"f:4: converter[1].name = \"inverter\" is already the name of converter[0]"}},
        Case{"NineConverters",
             "converter {",
             "converter { name: \"1\" lumentree { model: MODEL_600 bus: \"line\" address: 11 } }\n"
             "converter { name: \"2\" lumentree { model: MODEL_600 bus: \"line\" address: 12 } }\n"
             "converter { name: \"3\" lumentree { model: MODEL_600 bus: \"line\" address: 13 } }\n"
             "converter { name: \"4\" lumentree { model: MODEL_600 bus: \"line\" address: 14 } }\n"
             "converter { name: \"5\" lumentree { model: MODEL_600 bus: \"line\" address: 15 } }\n"
             "converter { name: \"6\" lumentree { model: MODEL_600 bus: \"line\" address: 16 } }\n"
             "converter { name: \"7\" lumentree { model: MODEL_600 bus: \"line\" address: 17 } }\n"
             "converter { name: \"8\" lumentree { model: MODEL_600 bus: \"line\" address: 18 } }\nconverter {",
             {"f: converter is given 9 times; at most 8"}}),
    NameOf);

}  // namespace
}  // namespace abcds
