// The LID estimators as SQL names them.
#pragma once

#include "pg/boundary/pg.h"

namespace vg::pg {

enum class LidMethod { kMle, kMoments };

// 22023 for an unknown name, with those there are.
LidMethod lid_method(const char* name);

}  // namespace vg::pg
