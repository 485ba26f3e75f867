// Stands for the platform's header in tests; what glue needs is in the other.
#pragma once

#include <nanoCLR_Interop.h>
