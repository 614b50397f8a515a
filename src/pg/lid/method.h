// The LID estimators as SQL names them.
#pragma once

#include "pg/boundary/pg.h"

namespace vg::pg::lid {

enum class Method { kMle, kMoments };

// 22023 for an unknown name, with those there are.
Method lid_method(const char* name);

}  // namespace vg::pg::lid
