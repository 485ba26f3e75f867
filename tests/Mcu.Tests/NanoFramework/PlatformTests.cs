using System.Reflection;
using System.Text.RegularExpressions;
using Mcu.Emulation.Managed;

namespace Mcu.Tests.NanoFramework;

/// <summary>What stands for the platform: the reference surface, the rules on IL, the twin rooms.</summary>
public sealed class PlatformTests
{
    [Fact]
    public void Every_C_kernel_has_a_managed_twin()
    {
        string[] c = Folders("runtime-templates/c/kernels");

        Assert.Equal(c, Folders("runtime-templates/nanoframework/kernels"));
        Assert.All(c, k => Assert.NotEmpty(Directory.GetFiles(TestData.Repo("runtime-templates/nanoframework/kernels/" + k), "*.cs")));
    }

    [Theory]
    [InlineData("corelib-api-1.x.txt")]
    [InlineData("corelib-api-2.x.txt")]
    public void Members_of_the_reference_surface_exist_on_the_platform(string list)
    {
        HashSet<string> platform = [.. File.ReadLines(TestData.Shared("nanoframework/" + list)).Select(Member).OfType<string>()];
        string[] surface = [.. Surface()];

        Assert.True(surface.Length > 20);
        Assert.All(surface, m => Assert.Contains(m, platform));
    }

    [Theory]
    [InlineData("uint u = (uint)x[0]; y[0] = (sbyte)(u >> 3);", "shr.un")]
    [InlineData("ulong u = (ulong)x[0]; y[0] = (sbyte)(u / 3);", "div.un")]
    [InlineData("checked { y[0] = (sbyte)(x[0] + x[1]); }", "ovf")]
    [InlineData("y = new sbyte[3];", "newarr")]
    [InlineData("object o = x[0]; y[0] = (sbyte)o;", "box")]
    [InlineData("Other o = new Other(); y[0] = o.Value;", "object is made")]
    [InlineData("string s = \"a\"; y[0] = (sbyte)s.Length;", "ldstr")]
    [InlineData("int[,] m = null; y[0] = (sbyte)m[0, 0];", "multidimensional")]
    [InlineData("y[0] = (sbyte)x.GetHashCode();", "calls Object.GetHashCode")]
    [InlineData("Helper(y);", "newarr")]
    public void Code_that_the_platform_lacks_or_that_allocates_is_found(string body, string finding)
    {
        byte[] assembly = Compile(body);

        Assert.Contains(IlChecker.Check(assembly), f => f.Contains(finding, StringComparison.Ordinal));
    }

    [Fact]
    public void Plain_arithmetic_and_a_thrown_exception_pass() =>
        Assert.Empty(IlChecker.Check(Compile("if (x == null) { throw new System.ArgumentException(); } long p = (long)x[0] * x[1]; y[0] = (sbyte)(p >> 3); System.Array.Copy(x, 0, y, 1, 2);")));

    [Fact]
    public void Limits_are_found_where_they_are_passed()
    {
        string locals = string.Concat(Enumerable.Range(0, 260).Select(i => $"int v{i} = x[{i}]; y[{i}] = (sbyte)v{i}; ")) + string.Concat(Enumerable.Range(0, 260).Select(i => $"y[{i}] += (sbyte)v{i}; "));
        string cases = "switch (x[0] + x[1] * 100) { " + string.Concat(Enumerable.Range(0, 300).Select(i => $"case {i}: y[{i}] = {i % 100}; break; ")) + "}";
        string branch = "for (int i = 0; i < 3; i++) { " + string.Concat(Enumerable.Range(0, 4000).Select(i => $"y[{1000 + i}] = (sbyte)(x[i] + x[{i}]); ")) + "}";

        Assert.Contains(IlChecker.Check(Compile(locals)), f => f.Contains("locals", StringComparison.Ordinal));
        Assert.Contains(IlChecker.Check(Compile(cases)), f => f.Contains("switch cases", StringComparison.Ordinal));
        Assert.Contains(IlChecker.Check(Compile(branch)), f => f.Contains("bytes of a branch", StringComparison.Ordinal));
    }

    [Theory]
    [InlineData(60_000, false)]
    [InlineData(70_000, true)]
    public void Data_beyond_the_heap_of_an_assembly_is_found(int bytes, bool found)
    {
        string values = string.Join(",", Enumerable.Range(0, bytes).Select(i => (i % 100) + 1));
        byte[] assembly = ManagedCompiler.Compile("Data", new Dictionary<string, string> { ["Data.cs"] = $"internal static class Data {{ internal static sbyte[] Make() {{ return new sbyte[] {{ {values} }}; }} }}" });

        Assert.Equal(bytes, IlChecker.Sizes(assembly).DataBytes);
        Assert.Equal(found, IlChecker.Check(assembly).Any(f => f.Contains("array initialisers", StringComparison.Ordinal)));
    }

    /// <summary>
    /// The loop's check runs 11 times (ldloc, ldarg or constant, compare-and-branch), its body 10 times: counted from the IL by hand.
    /// </summary>
    [Fact]
    public void Executed_instructions_are_counted_per_block()
    {
        const string source = "/// <summary>A loop.</summary>\npublic static class Loop { /// <summary>Sums.</summary>\npublic static int Sum(int n) { int s = 0; for (int i = 0; i < n; i++) { s += i; } return s; } }";
        byte[] assembly = ManagedCompiler.Compile("Loop", new Dictionary<string, string> { ["Loop.cs"] = source });
        InstructionCounter counter = InstructionCounter.Instrument(assembly);
        var loaded = Assembly.Load(counter.Assembly);
        counter.Reset(loaded);

        Assert.Equal(45, loaded.GetType("Loop")!.GetMethod("Sum")!.Invoke(null, [10]));
        ExecutedInstructions executed = counter.Read(loaded);

        // s = 0, i = 0, jump: 5; condition 11 times 3; body and increment 10 times 8; load and return: 2.
        Assert.Equal(5 + (11 * 3) + (10 * 8) + 2, executed.Total);
        Assert.Equal(20, executed.ByOpcode["add"]);
        Assert.Equal(11, executed.ByOpcode["blt"]);
    }

    private static byte[] Compile(string body) => ManagedCompiler.Compile("Case", new Dictionary<string, string>
    {
        ["Case.cs"] = "namespace Case { /// <summary>A case.</summary>\npublic static class Network { /// <summary>Runs.</summary>\npublic static void Run(sbyte[] x, sbyte[] y) { " + body + " } "
            + "internal static void Helper(sbyte[] y) { sbyte[] t = new sbyte[2]; y[0] = t[1]; } } internal sealed class Other { internal sbyte Value = 1; } }",
    });

    private static string[] Folders(string path) => [.. Directory.GetDirectories(TestData.Repo(path)).Select(d => Path.GetFileName(d)!).Order(StringComparer.Ordinal)];

    /// <summary><c>Type.Member</c> of the surface's public methods, fields and properties, compiler-only types left out.</summary>
    private static IEnumerable<string> Surface()
    {
        string text = File.ReadAllText(TestData.Repo("targets/nanoframework/CoreLibrary.cs"));
        string space = "";
        string type = "";
        foreach (string line in text.Split('\n'))
        {
            space = Regex.Match(line, "^namespace ([A-Za-z.]+)") is { Success: true } n ? n.Groups[1].Value : space;
            type = Regex.Match(line, "(?:class|struct|interface|enum) ([A-Za-z0-9]+)") is { Success: true } t ? t.Groups[1].Value : type;
            if (Regex.Match(line, @"^\s+(?:public|protected) (?:static |virtual |override )*(?:[A-Za-z.\[\]]+ )?([A-Za-z]+)(?:\(| \{)") is { Success: true } member
                && !Regex.IsMatch(line, "(class|struct|interface|enum) "))
            {
                yield return $"{space}.{type}.{member.Groups[1].Value}";
            }
        }
    }

    /// <summary><c>Type.Member</c> of a line of the platform's list.</summary>
    private static string? Member(string line) => Regex.Match(line, @"^([A-Za-z0-9.]+) :: .*?([A-Za-z0-9]+)(?:\(| \{)") is { Success: true } m ? $"{m.Groups[1].Value}.{m.Groups[2].Value}" : null;
}
