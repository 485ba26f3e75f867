using System.Reflection;
using System.Text.RegularExpressions;
using Mcu.Emulation.Managed;

namespace Mcu.Tests.NanoFramework;

/// <summary>What stands for the platform: the reference surface, the counts of instructions, the twin rooms.</summary>
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

        Assert.Contains("static void System.Array.Copy(Array, int, Array, int, int)", surface);
        Assert.Contains("static DateTime System.DateTime.UtcNow { get; }", surface);
        Assert.Contains("System.ArgumentException(string)", surface);
        Assert.True(surface.Length > 40, $"{surface.Length} members");
        Assert.All(surface, m => Assert.Contains(m, platform));
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

    private static string[] Folders(string path) => [.. Directory.GetDirectories(TestData.Repo(path)).Select(d => Path.GetFileName(d)!).Order(StringComparer.Ordinal)];

    /// <summary>Public and protected methods, constructors, constants and properties of the surface, as <see cref="Signature"/> writes them.</summary>
    private static IEnumerable<string> Surface()
    {
        string text = File.ReadAllText(TestData.Repo("targets/nanoframework/CoreLibrary.cs"));
        string space = "";
        string type = "";
        foreach (string line in text.Split('\n'))
        {
            space = Regex.Match(line, "^namespace ([A-Za-z.]+)") is { Success: true } n ? n.Groups[1].Value : space;
            type = Regex.Match(line, "(?:class|struct|interface|enum) ([A-Za-z0-9]+)") is { Success: true } t ? t.Groups[1].Value : type;
            foreach (string member in line.Split("; public ").Select((m, i) => i == 0 ? m : "public " + m))
            {
                string declared = Regex.Replace(member, @"^.*struct \w+ \{ (?=public)", "").Trim();
                if (!Regex.IsMatch(declared, @"\b(class|struct|interface|enum|delegate)\b") && Signature($"{space}.{type}", declared) is { } signature)
                {
                    yield return signature;
                }
            }
        }
    }

    /// <summary>A line of the platform's list.</summary>
    private static string? Member(string line) => line.Split(" :: ") is [var type, var member] ? Signature(type, member) : null;

    /// <summary>
    /// Whether it is static, what it gives, the full name, types of parameters without their namespaces, accessors of a property: what code is bound to. Null for
    /// what is no member.
    /// </summary>
    private static string? Signature(string type, string member)
    {
        Match m = Regex.Match(member, @"^(?:public|protected) (?<m>(?:(?:static|virtual|override|abstract|sealed|const) )*)(?:(?<r>[\w.\[\]&]+) )?(?<n>\w+)(?:\((?<p>[^)]*)\)| (?<a>\{.*)| = (?<v>[^;]+))");
        if (!m.Success)
        {
            return null;
        }

        static string last(string name) => name[(name.LastIndexOf('.') + 1)..];
        string kind = Regex.Match(m.Groups["m"].Value, "static |const ").Value;
        string result = m.Groups["r"].Success ? last(m.Groups["r"].Value) + " " : "";
        string name = m.Groups["r"].Success ? $"{type}.{m.Groups["n"].Value}" : type;
        string accessors = m.Groups["a"].Value;
        IEnumerable<string> parameters = m.Groups["p"].Value.Split(", ", StringSplitOptions.RemoveEmptyEntries).Select(p => p.Split(" = ")[0]).Select(p => last(p[..p.LastIndexOf(' ')]));
        string rest = m.Groups["p"].Success ? $"({string.Join(", ", parameters)})"
            : accessors.Length > 0 ? $" {{ get;{(Regex.IsMatch(accessors, @"\bset\b") ? " set;" : "")} }}"
            : " = " + m.Groups["v"].Value;
        return kind + result + name + rest;
    }
}
