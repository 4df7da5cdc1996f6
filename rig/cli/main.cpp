#include "rig/cli/program.hpp"

int main(int argc, char** argv) { return meterrig::cli::program(argc, argv, nullptr); }
