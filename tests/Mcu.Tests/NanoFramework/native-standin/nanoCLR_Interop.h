// Stands for the platform's header in tests: the names that emitted glue uses, over arrays that the test made.
#pragma once

#include <stddef.h>
#include <stdint.h>

typedef int32_t HRESULT;

const HRESULT S_OK = 0;
const HRESULT CLR_E_FAIL = -2;
const HRESULT CLR_E_INVALID_PARAMETER = -3;
const HRESULT CLR_E_NULL_REFERENCE = -4;

struct StandInArray
{
    signed char *data;
    unsigned int count;
};

/// A managed call's arguments; a number stands in an array's count.
struct CLR_RT_StackFrame
{
    StandInArray arguments[4];
};

template <class T> class CLR_RT_TypedArray
{
  public:
    T *GetBuffer() { return data; }
    unsigned int GetSize() { return count; }

    T *data = NULL;
    unsigned int count = 0;
};

typedef CLR_RT_TypedArray<signed char> CLR_RT_TypedArray_INT8;

inline HRESULT Interop_Marshal_INT8_ARRAY(const CLR_RT_StackFrame &stack, unsigned int index, CLR_RT_TypedArray_INT8 &array)
{
    array.data = stack.arguments[index].data;
    array.count = stack.arguments[index].count;
    return array.data == NULL ? CLR_E_NULL_REFERENCE : S_OK;
}

inline HRESULT Interop_Marshal_INT32(const CLR_RT_StackFrame &stack, unsigned int index, int &value)
{
    value = static_cast<int>(stack.arguments[index].count);
    return S_OK;
}

#define NANOCLR_NATIVE_DECLARE(method) static HRESULT method(CLR_RT_StackFrame &stack)
#define NANOCLR_HEADER() HRESULT hr
#define NANOCLR_CHECK_HRESULT(call) \
    do \
    { \
        hr = (call); \
        if (hr != S_OK) \
            goto leave; \
    } while (false)
#define NANOCLR_NOCLEANUP() \
    hr = S_OK; \
    leave: \
    return hr

typedef HRESULT (*CLR_RT_MethodHandler)(CLR_RT_StackFrame &stack);

struct CLR_RECORD_VERSION
{
    unsigned short major, minor, build, revision;
};

struct CLR_RT_NativeAssemblyData
{
    const char *name;
    unsigned int checksum;
    const void *methods;
    CLR_RECORD_VERSION version;
};
