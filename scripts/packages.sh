# Sourced by the scripts beside it: which Debian packages they need, and how they get them.

packages_run=(
  cmake ninja-build g++ ccache pkg-config
  libboost1.81-dev libfmt-dev nlohmann-json3-dev libspdlog-dev libcli11-dev libsqlite3-dev libssl-dev libzstd-dev
  liblxi-dev libmodbus-dev libserialport-dev libpugixml-dev libvalijson-dev
  libgtest-dev libgmock-dev libbenchmark-dev
  libutf8proc-dev python3 python3-jinja2 python3-dev pybind11-dev python3-numpy python3-matplotlib python3-tqdm
  weasyprint python3-openpyxl python3-pil python3-segno python3-h5py python3-zstandard python3-jsonschema
  fonts-noto-cjk fontconfig
)
packages_test=(
  clang clang-format-14 clang-tidy libclang-rt-14-dev librapidcheck-dev
  mbpoll sigrok-cli python3-pymodbus python3-pyvisa python3-pyvisa-py
  python3-hypothesis python3-pandas mypy poppler-utils
  python3-serial python3-serial-asyncio python3-pytest python3-xmlschema
)

# Asks dpkg first, so that a second run needs neither the network nor root.
install_missing() {
  local missing=() package status as_root=()
  for package in "$@"; do
    status=$(dpkg-query -W -f='${db:Status-Status}' "$package" 2>/dev/null) || status=absent
    [ "$status" = installed ] || missing+=("$package")
  done
  [ ${#missing[@]} -gt 0 ] || return 0
  echo "missing Debian packages: ${missing[*]}"
  if [ "$(id -u)" -ne 0 ]; then
    if ! command -v sudo >/dev/null; then
      echo "Installing them needs root. As root, run:" >&2
      echo "  apt-get update && apt-get install -y --no-install-recommends ${missing[*]}" >&2
      return 1
    fi
    echo "Installing them needs root: sudo may ask for your password."
    as_root=(sudo)
  fi
  "${as_root[@]}" apt-get update
  "${as_root[@]}" env DEBIAN_FRONTEND=noninteractive apt-get install -y --no-install-recommends "${missing[@]}"
}

# Configures only what was never configured: ninja itself sees to changed CMake files.
configure() {
  local preset=$1 folder=$2
  shift 2
  if [ -f "$folder/build.ninja" ]; then return 0; fi
  cmake --preset "$preset" "$@"
}
