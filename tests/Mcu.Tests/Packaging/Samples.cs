namespace Mcu.Tests.Packaging;

/// <summary>A small program around an emitted network, and its build with CMake.</summary>
internal static class Samples
{
    /// <summary>Runs the network with every adapter on zeros; prints <c>ok</c>.</summary>
    public static string Source(string prefix) => """
        #include <stdio.h>
        #include <string.h>
        #include "PREFIX.h"
        MACRO_DEFINE_ARENA(arena);
        int main(void) {
            PREFIX_t net;
            if (PREFIX_init(&net, arena, sizeof arena) != MCU_OK) return 1;
            for (int i = 0; i < MACRO_ADAPTERS; i++) {
                memset(PREFIX_input(&net), MACRO_INPUT_ZERO_POINT, MACRO_INPUT_BYTES);
                if (PREFIX_adapter_select(&net, i) != MCU_OK || PREFIX_run(&net) != MCU_OK) return 2;
            }
            puts("ok");
            return 0;
        }
        """.Replace("PREFIX", prefix, StringComparison.Ordinal).Replace("MACRO", prefix.ToUpperInvariant(), StringComparison.Ordinal);

    public static void Build(Sdk shell, string source, string build, params string[] options)
    {
        shell.Run("cmake", ["-S", source, "-B", build, "-DCMAKE_BUILD_TYPE=Release", "-DCMAKE_C_FLAGS=-Wall -Wextra -Werror", .. options]);
        shell.Run("cmake", "--build", build);
    }
}

/// <summary>Programs on the search path.</summary>
internal static class Programs
{
    public static bool Has(string name) =>
        (Environment.GetEnvironmentVariable("PATH") ?? "").Split(Path.PathSeparator).Any(folder => File.Exists(Path.Combine(folder, name)));
}
