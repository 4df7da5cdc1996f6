#include "core/io/transport/discovery.hpp"

#include <unistd.h>

#include <filesystem>
#include <fstream>

#include <gtest/gtest.h>

namespace meterrig {
namespace {

namespace fs = std::filesystem;

// As the kernel shows a device: class/usbtmc0/device leads to the interface below the instrument.
TEST(Discovery, UsbInstrumentsSayWhatTheyAre) {
  const fs::path root = fs::temp_directory_path() / ("meterrig-usbmisc-" + std::to_string(::getpid()));
  const fs::path device = root / "devices" / "usb1" / "1-2";
  fs::create_directories(device / "1-2:1.0");
  fs::create_directories(root / "class" / "usbtmc0");
  fs::create_directories(root / "class" / "hiddev0");
  fs::create_directory_symlink(device / "1-2:1.0", root / "class" / "usbtmc0" / "device");
  std::ofstream(device / "manufacturer") << "Rigol Technologies\n";
  std::ofstream(device / "product") << "DP800 Serials\n";
  std::ofstream(device / "serial") << "DP8A1\n";
  const auto found = list_usb_instruments((root / "class").string());
  fs::remove_all(root);
  ASSERT_EQ(found.size(), 1u);
  EXPECT_EQ(found[0].url(), "usbtmc:///dev/usbtmc0");
  EXPECT_EQ(found[0].manufacturer, "Rigol Technologies");
  EXPECT_EQ(found[0].product, "DP800 Serials");
  EXPECT_EQ(found[0].serial, "DP8A1");
}

TEST(Discovery, NoUsbClassIsNoInstrument) { EXPECT_TRUE(list_usb_instruments("/nonexistent").empty()); }

TEST(Discovery, ABroadcastComesBackInTime) {
  const auto start = std::chrono::steady_clock::now();
  for (const LanInstrument& instrument : discover_lan(std::chrono::milliseconds(100)))
    EXPECT_FALSE(instrument.host.empty());
  EXPECT_LT(std::chrono::steady_clock::now() - start, std::chrono::seconds(20));
}

}  // namespace
}  // namespace meterrig
