using System.Collections;
using System.Reflection;
using System.Runtime.InteropServices;
using Mcu.Generator.Emit.NanoFramework;
using Mcu.Tests.Cli;
using Mcu.Tests.Emission;
using Mcu.Tests.EndToEnd;

namespace Mcu.Tests.NanoFramework;

/// <summary>The heap that is reported is the heap that an object has: arrays found by walking it, not the compiler's sum.</summary>
public sealed class HeapTests
{
    private readonly string folder = TestFolder.Create("heap");

    [Theory]
    [MemberData(nameof(ManagedNetworkTests.Forms), MemberType = typeof(ManagedNetworkTests))]
    public void Heap_bytes_are_those_of_an_objects_arrays(string name, NanoStore store, bool packed)
    {
        Managed managed = Managed.Of(TinyModels.Of(name), name, NanoOptions.Default with { Store = store, PackWeights = packed });

        Assert.Equal(ArrayBytes(managed.Network.Network, new HashSet<object>(ReferenceEqualityComparer.Instance)), managed.Emission.HeapBytes);
    }

    [Theory]
    [InlineData("kws", true)]
    [InlineData("ad", true)]
    [InlineData("ad", false)]
    [InlineData("sww", true)]
    public void So_they_are_for_public_networks(string name, bool packed)
    {
        Managed managed = Managed.Of(GoldenModel.Compile(name, "cortex-m0plus").Program, name, NanoOptions.Default with { PackWeights = packed });

        Assert.Equal(ArrayBytes(managed.Network.Network, new HashSet<object>(ReferenceEqualityComparer.Instance)), managed.Emission.HeapBytes);
    }

    [Theory]
    [InlineData("speed", 2)]
    [InlineData("ram", 0)]
    public void The_budget_is_for_the_managed_heap(string optimize, int exitCode)
    {
        string place = Path.Combine(folder, optimize);
        ToolRun run = CommandLineTests.InProcess("compile", TestData.Shared("mlperf-tiny/ad_int8.tflite"), "--lang", "nanoframework", "--budget-ram", "300000", "--optimize", optimize, "-o", place, "--json");

        Assert.Equal(exitCode, run.ExitCode);
        Assert.Equal(exitCode == 0, Directory.Exists(place));
        if (exitCode != 0)
        {
            Assert.Equal("MCU0801", run.Json().GetProperty("error").GetProperty("code").GetString());
            Assert.Contains("managed heap", run.Json().GetProperty("error").GetProperty("message").GetString(), StringComparison.Ordinal);
        }
    }

    /// <summary>Bytes of arrays of numbers that an object reaches, each once.</summary>
    private static long ArrayBytes(object? value, HashSet<object> seen)
    {
        if (value is null or string or Type || value.GetType().IsPrimitive || !seen.Add(value))
        {
            return 0;
        }

        if (value is Array array)
        {
            Type element = array.GetType().GetElementType()!;
            return element.IsPrimitive ? array.LongLength * Marshal.SizeOf(element) : ((IEnumerable)array).Cast<object?>().Sum(e => ArrayBytes(e, seen));
        }

        return value.GetType().GetFields(BindingFlags.Instance | BindingFlags.Public | BindingFlags.NonPublic).Sum(f => ArrayBytes(f.GetValue(value), seen));
    }
}
