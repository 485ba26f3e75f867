// Stands for the runtime in tests: takes an assembly's name, checksum and the place of its native method, refuses what does not match the
// table, and calls the method once for each sample of a file. Arrays are allocated to the byte, for sanitizers to guard.
//
// runtime NAME CHECKSUM SLOT ADAPTER ARENA SHIFT INPUT OUTPUT SAMPLES
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <nanoCLR_Interop.h>

extern const CLR_RT_NativeAssemblyData TABLE;

static StandInArray array(unsigned int bytes, unsigned int shift, signed char fill)
{
    signed char *data = static_cast<signed char *>(malloc(bytes + shift));
    memset(data, fill, bytes + shift);
    return {data + shift, bytes};
}

int main(int, char **words)
{
    if (strcmp(words[1], TABLE.name) != 0 || strtoul(words[2], NULL, 16) != TABLE.checksum)
    {
        printf("refused\n");
        return 0;
    }

    CLR_RT_MethodHandler method = static_cast<const CLR_RT_MethodHandler *>(TABLE.methods)[atoi(words[3])];
    if (method == NULL)
    {
        printf("managed\n");
        return 0;
    }

    unsigned int shift = static_cast<unsigned int>(atoi(words[6]));
    unsigned int arena = static_cast<unsigned int>(atoi(words[5]));
    StandInArray input = array(static_cast<unsigned int>(atoi(words[7])), 0, 0);
    StandInArray output = array(static_cast<unsigned int>(atoi(words[8])), 0, 77);
    FILE *samples = fopen(words[9], "rb");
    if (samples == NULL)
    {
        return 1;
    }

    while (fread(input.data, 1, input.count, samples) == input.count)
    {
        // The collector may have moved the arena since the last call.
        StandInArray memory = array(arena, shift, 0x55);
        CLR_RT_StackFrame stack = {{memory, {NULL, static_cast<unsigned int>(atoi(words[4]))}, input, output}};
        HRESULT result = method(stack);
        printf("%d", static_cast<int>(result));
        for (unsigned int i = 0; i < output.count; i++)
        {
            printf(" %d", output.data[i]);
        }

        printf("\n");
        free(memory.data - shift);
    }

    fclose(samples);
    free(input.data);
    free(output.data);
    return 0;
}
