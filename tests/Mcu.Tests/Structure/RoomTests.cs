using Mcu.Generator.Lowering;
using Mcu.Generator.Operators;

namespace Mcu.Tests.Structure;

/// <summary>Every operator that reaches C has its twin folder of kernels, and the other way round.</summary>
public sealed class RoomTests
{
    private const string KernelRoot = "runtime-templates/c/kernels";

    [Fact]
    public void Rooms_and_kernel_folders_are_twins()
    {
        string[] rooms = [.. OperatorCatalog.Rooms.OfType<ICKernelRoom>()
            .Select(r => r.KernelFolder).Where(f => f is not null).Select(f => f!)
            .Distinct(StringComparer.Ordinal).Order(StringComparer.Ordinal)];
        string[] folders = [.. Directory.EnumerateDirectories(TestData.Repo(KernelRoot)).Select(f => Path.GetFileName(f)).Order(StringComparer.Ordinal)];

        Assert.Equal(folders, rooms);
    }

    /// <summary>
    /// Operators of files that passes rewrite into others before int8: a network that holds one of them after the passes is
    /// refused by code.
    /// </summary>
    [Fact]
    public void Operators_without_a_kernel_are_named()
    {
        string[] rewritten = ["batch_normalization", "dequantize", "div", "erf", "gemm", "identity", "matmul", "pow", "sqrt", "sub"];

        string[] without = [.. OperatorCatalog.Rooms.Where(r => r is not ICKernelRoom).Select(r => r.Name).Order(StringComparer.Ordinal)];

        Assert.Equal(rewritten, without);
    }

    [Fact]
    public void A_kernel_folder_holds_its_header_and_sources()
    {
        foreach (string folder in Directory.EnumerateDirectories(TestData.Repo(KernelRoot)))
        {
            string kernel = "mcu_" + Path.GetFileName(folder);
            string[] files = [.. Directory.EnumerateFiles(folder).Select(f => Path.GetFileName(f))];

            Assert.Contains(kernel + ".h", files);
            Assert.All(files.Where(f => f != kernel + ".h"), f => Assert.StartsWith(kernel + "_s8", f, StringComparison.Ordinal));
        }
    }

    [Fact]
    public void The_pipeline_stays_on_one_page()
    {
        int lines = File.ReadAllLines(TestData.Repo("generator/Mcu.Generator/Pipeline.cs")).Length;

        Assert.InRange(lines, 1, 159);
    }
}
