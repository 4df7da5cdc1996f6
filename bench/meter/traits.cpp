#include "bench/meter/traits.hpp"

namespace meterrig::bench {

MeterTraits healthy_traits(const Sample& sample) {
  MeterTraits traits;
  traits.current.late_floor = traits.current.floor;
  traits.radio.listen_period = seconds(sample.wake_period_s);
  traits.conversion.direct_reading = sample.direct_reading;
  traits.valve.close_on_power_loss = sample.replaceable_battery;
  if (sample.communication == 'S') {
    traits.current.receive = 15 * milliampere;
    traits.current.listen_time = 20ms;
  } else if (sample.communication == 'G') {
    // A public network's slots: 577 us of every 4.615 ms.
    traits.radio.host_wakes = false;
    traits.current.transmit = 1600 * milliampere;
    traits.current.transmit_time = 500us;
    traits.current.transmit_bursts = 8;
    traits.current.transmit_spacing = 4615us;
  }
  return traits;
}

}  // namespace meterrig::bench
