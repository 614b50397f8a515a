// Settings that a function changes for its own work. Raises PostgreSQL errors (R2); owns nothing.
#pragma once

#include "pg/boundary/pg.h"

namespace vg::pg {

// Set a parameter until the level of NewGUCNestLevel is left; an error leaves it too.
inline void set_for_level(const char* name, const char* value) {
    set_config_option(name, value, PGC_USERSET, PGC_S_SESSION, GUC_ACTION_SAVE, true, 0, false);
}
inline void set_for_level(const char* name, int value) {
    char text[16];
    snprintf(text, sizeof text, "%d", value);
    set_for_level(name, text);
}

}  // namespace vg::pg
