#include "core/io/url.hpp"

#include <gtest/gtest.h>

#include "core/errors.hpp"

namespace meterrig {
namespace {

TEST(Url, EveryFormReadsAndWritesBack) {
  for (const char* text : {
           "tcp://127.0.0.1:5025",
           "tcp://dmm.lab.example:5555",
           "tcp://[::1]:5025",
           "serial:///dev/ttyUSB0",
           "serial:///dev/ttyUSB0?baud=2400&parity=even&data=8&stop=1",
           "serial:///dev/ttyS1?baud=300&parity=odd&data=7&stop=2&dtr=1&rts=0",
           "usbtmc:///dev/usbtmc0",
           "vxi11://192.168.1.40/inst0",
           "vxi11://[fe80::1]/gpib0,5",
           "modbus-tcp://plc:502/3",
           "modbus-tcp://[fe80::1]:1502/255",
           "modbus-rtu:///dev/ttyUSB1?baud=9600&unit=3",
           "virtual:supply",
           "virtual:meter-1?model=dn20&defect=slow_valve",
       }) {
    const Url url = Url::parse(text);
    EXPECT_EQ(url.text(), text);
    EXPECT_EQ(Url::parse(url.text()), url);
  }
}

TEST(Url, Fields) {
  const Url tcp = Url::parse("tcp://[::1]:5025");
  EXPECT_EQ(tcp.host, "::1");
  EXPECT_EQ(tcp.port, 5025);
  const Url serial = Url::parse("serial:///dev/ttyUSB0?baud=2400&parity=even&data=7&stop=2&dtr=1");
  EXPECT_EQ(serial.path, "/dev/ttyUSB0");
  EXPECT_EQ(serial.line(), (SerialLine{2400, 7, Parity::even, 2, true, std::nullopt}));
  EXPECT_EQ(Url::parse("serial:///dev/ttyS0").line(), SerialLine{});
  EXPECT_EQ(Url::parse("modbus-tcp://plc/7").port, 502);
  EXPECT_EQ(Url::parse("modbus-tcp://plc/7").unit, 7);
  EXPECT_EQ(Url::parse("modbus-rtu:///dev/ttyUSB1?unit=3&baud=19200").unit, 3);
  EXPECT_EQ(*Url::parse("virtual:m?a=b&c=").option("a"), "b");
}

TEST(Url, SaysWhatIsWrong) {
  const std::pair<const char*, const char*> cases[] = {
      {"", "expected tcp://"},
      {"127.0.0.1:5025", "expected tcp://"},
      {"http://host", "expected tcp://"},
      {"tcp://host", "the port is missing"},
      {"tcp://:5025", "the host is missing"},
      {"tcp://host:0", "the port is \"0\", expected a whole number from 1 to 65535"},
      {"tcp://host:70000", "from 1 to 65535"},
      {"tcp://host:50x", "the port is \"50x\""},
      {"tcp://[::1:5025", "bracket"},
      {"tcp://host:5025/3", "nothing is expected after the port"},
      {"tcp://host:5025?nodelay=1", "unknown option \"nodelay\""},
      {"serial://ttyUSB0", "expected the path of a device"},
      {"serial:///dev/ttyUSB0?baud=2500", "baud is 2500, expected one of 300"},
      {"serial:///dev/ttyUSB0?baud=fast", "baud is \"fast\""},
      {"serial:///dev/ttyUSB0?parity=mark", "expected none, even or odd"},
      {"serial:///dev/ttyUSB0?data=9", "from 5 to 8"},
      {"serial:///dev/ttyUSB0?stop=3", "from 1 to 2"},
      {"serial:///dev/ttyUSB0?dtr=maybe", "expected 1 or 0"},
      {"serial:///dev/ttyUSB0?speed=2400", "unknown option \"speed\""},
      {"serial:///dev/ttyUSB0?baud", "expected key=value"},
      {"serial:///dev/ttyUSB0?baud=300&baud=600", "given twice"},
      {"modbus-tcp://plc:502/x", "the unit is \"x\""},
      {"modbus-rtu:///dev/ttyUSB1?unit=300", "from 0 to 247"},
      {"usbtmc://", "expected the path of a device"},
      {"vxi11:///inst0", "the host is missing"},
      {"vxi11://host:111/inst0", "no port is expected"},
      {"virtual:", "the name of the bench's member is missing"},
  };
  for (const auto& [text, words] : cases) {
    try {
      Url::parse(text);
      ADD_FAILURE() << text << " was taken";
    } catch (const UserError& error) {
      EXPECT_NE(std::string(error.what()).find(words), std::string::npos) << error.what();
      EXPECT_EQ(error.exchange().of, text);
    }
  }
}

}  // namespace
}  // namespace meterrig
