# The Debian packages that the extension needs, named in one place. To be sourced by bash:
# make/install-deps.sh, make/server-chroot.sh, make/docker-build.sh and make/deb.sh use it.
# shellcheck shell=bash disable=SC2034
vg_build_packages=(g++ make libhwy-dev libhnswlib-dev libeigen3-dev libboost-dev)
vg_test_packages=(cmake libgtest-dev perl libipc-run-perl)
