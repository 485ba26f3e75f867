using Mcu.Emulation.Managed;
using Microsoft.CodeAnalysis;
using Microsoft.CodeAnalysis.CSharp;

namespace Mcu.Tests.NanoFramework;

/// <summary>Each rule on IL fires where it must, and on nothing else.</summary>
public sealed class IlCheckerTests
{
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
    public void Code_that_the_platform_lacks_or_that_allocates_is_found(string body, string finding) => Finds(finding, Compile(body));

    [Theory]
    [InlineData("fixed (sbyte* p = x) { y[0] = p[1]; }", "Network.Run: pinned local")]
    [InlineData("fixed (sbyte* p = x) { y[0] = p[1]; }", "Network.Run: pointer")]
    [InlineData("sbyte* p = stackalloc sbyte[4]; p[0] = x[0]; y[0] = p[0];", "localloc")]
    [InlineData("delegate*<sbyte[], void> f = &Helper; f(y);", "calli")]
    [InlineData("delegate*<sbyte[], void> f = &Helper; f(y);", "ldftn")]
    public void Pointers_are_found(string body, string finding) => Finds(finding, CompileUnsafe(body));

    [Theory]
    [InlineData("internal sealed class Box<T> { private readonly T value; internal Box(T v) { value = v; } internal T Get() { return value; } }", "Box`1: generic types")]
    [InlineData("internal static class Same { internal static T Of<T>(T v) { return v; } }", "Same.Of: generic methods")]
    [InlineData("internal sealed class Box<T> { } internal static class Use { internal static int Of(Box<int> b) { return b == null ? 0 : 1; } }", "Use.Of: generic type in a signature")]
    public void Generics_are_found(string members, string finding) => Finds(finding, Compile("y[0] = x[0];", members));

    [Theory]
    [InlineData("internal static class A { internal static readonly int[] Two = new int[] { 1, 2 }; } internal static class B { internal static readonly int One = A.Two[0]; }", true)]
    [InlineData("internal static class A { internal static int One = 1; internal static int Get() { return One; } } internal static class B { internal static readonly int One = A.Get(); }", true)]
    [InlineData("internal sealed class A { private static int made = 3; internal int Value = made; } internal static class B { internal static readonly A One = new A(); }", true)]
    [InlineData("internal static class A { internal const int One = 1; internal static int Twice(int v) { return 2 * v; } } internal static class B { internal static readonly int Two = A.Twice(A.One); internal static int Three = Two + 1; }", false)]
    public void A_static_constructor_that_uses_another_class_is_found(string members, bool found) =>
        Assert.Equal(found, IlChecker.Check(Compile("y[0] = x[0];", members)).Any(f => f.StartsWith("B..cctor: uses A.", StringComparison.Ordinal)));

    [Theory]
    [InlineData("public static class Network { /// <summary>Runs.</summary>\npublic static void Start() { } }")]
    [InlineData("public static class Network { internal static void Run() { } }")]
    [InlineData("internal static class Network { public static void Run() { } }")]
    public void An_assembly_without_a_public_Run_is_found(string type)
    {
        byte[] assembly = ManagedCompiler.Compile("Case", new Dictionary<string, string> { ["Case.cs"] = "/// <summary>A case.</summary>\n" + type });

        Assert.Equal("assembly: no public class has a public Run", Assert.Single(IlChecker.Check(assembly)));
    }

    [Fact]
    public void Plain_arithmetic_and_a_thrown_exception_pass() =>
        Assert.Empty(IlChecker.Check(Compile("if (x == null) { throw new System.ArgumentException(); } long p = (long)x[0] * x[1]; y[0] = (sbyte)(p >> 3); System.Array.Copy(x, 0, y, 1, 2);")));

    /// <summary>What is the limit passes; one more is the only finding.</summary>
    [Theory]
    [InlineData("locals", 254)]
    [InlineData("values on the stack", 250)]
    [InlineData("switch cases", 255)]
    [InlineData("parameters and this", 255)]
    [InlineData("parameters and this of an object", 255)]
    [InlineData("static methods", 255)]
    [InlineData("instance methods", 255)]
    [InlineData("static fields", 255)]
    [InlineData("types", 1_500)]
    [InlineData("methods", 4_000)]
    public void A_limit_may_be_reached_and_not_passed(string limit, int count)
    {
        Assert.Empty(IlChecker.Check(Passing(limit, count)));

        string finding = Assert.Single(IlChecker.Check(Passing(limit, count + 1)));
        Assert.Contains($": {count + 1} {limit.Replace(" of an object", "", StringComparison.Ordinal)}, the limit is {count}", finding, StringComparison.Ordinal);
    }

    [Fact]
    public void Long_code_is_found()
    {
        static string code(int statements) => string.Concat(Enumerable.Range(0, statements).Select(i => $"y[{1000 + i}] = (sbyte)(x[1] + x[{i}]); "));
        string members = "internal static class Long { " + string.Concat(Enumerable.Range(0, 4).Select(m => $"internal static void M{m}(sbyte[] x, sbyte[] y) {{ {code(1_500)} }} ")) + "}";

        Finds("bytes of a branch", Compile("for (int i = 0; i < 3; i++) { " + code(4_000) + "}"));
        Finds("Network.Run: ", Compile(code(5_000)), "bytes of IL");
        Assert.Contains("bytes of IL", Assert.Single(IlChecker.Check(Compile("y[0] = x[0];", members))), StringComparison.Ordinal);
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

    [Theory]
    [InlineData(60_000, false)]
    [InlineData(70_000, true)]
    public void Names_and_strings_beyond_the_heap_of_an_assembly_are_found(int characters, bool found)
    {
        string name(int i) => new string('a', 1_000 - 4) + $"{i:0000}";
        string names = "internal static class Names { " + string.Concat(Enumerable.Range(0, characters / 1_000).Select(i => $"internal static void {name(i)}() {{ }} ")) + "}";
        string text = $"internal static class Texts {{ internal static string Get() {{ return \"{new string('a', characters)}\"; }} }}";

        foreach (string members in (string[])[names, text])
        {
            Assert.Equal(found, IlChecker.Check(Compile("y[0] = x[0];", members)).Any(f => f.Contains("bytes of names and strings", StringComparison.Ordinal)));
        }
    }

    /// <summary>An assembly that has so many of what a limit is on.</summary>
    private static byte[] Passing(string limit, int count)
    {
        string each(int n, Func<int, string> text) => string.Concat(Enumerable.Range(0, n).Select(text));
        const string plain = "y[0] = x[0];";
        string parameters(int n) => "int p0" + each(n - 1, i => $", int p{i + 1}");
        return limit switch
        {
            "locals" => Compile(each(count, i => $"int v{i} = x[{i}]; ") + each(count, i => $"y[{i}] = (sbyte)v{i}; v{i} += x[3]; ") + each(count, i => $"y[{i}] += (sbyte)v{i}; ")),

            // The target array, its index, then one value for each open parenthesis.
            "values on the stack" => Compile($"int s = {each(count - 2, _ => "x[0] + (")}x[0]{new string(')', count - 2)}; y[0] = (sbyte)s;"),
            "switch cases" => Compile("switch (x[0] + x[1] * 100) { " + each(count, i => $"case {i}: y[{i}] = {i % 100}; break; ") + "}"),
            "parameters and this" => Compile(plain, $"internal static class P {{ internal static int Of({parameters(count)}) {{ return p0; }} }}"),
            "parameters and this of an object" => Compile(plain, $"internal sealed class P {{ internal int Of({parameters(count - 1)}) {{ return p0; }} }}"),
            "static methods" => Compile(plain, $"internal static class M {{ {each(count, i => $"internal static void M{i}() {{ }} ")}}}"),

            // The constructor is one.
            "instance methods" => Compile(plain, $"internal sealed class M {{ {each(count - 1, i => $"internal void M{i}() {{ }} ")}}}"),
            "static fields" => Compile(plain, $"internal static class F {{ {each(count, i => $"internal static int F{i} = {i}; ")}}}"),

            // Beside them <Module>, Network and Other.
            "types" => Compile(plain, each(count - 3, i => $"internal static class T{i} {{ }} ")),

            // Beside them Run, Helper and the constructor of Other.
            "methods" => Compile(plain, each(16, c => $"internal static class C{c} {{ {each(c < 15 ? 250 : count - 3 - (15 * 250), i => $"internal static void M{i}() {{ }} ")}}} ")),
            _ => throw new ArgumentOutOfRangeException(nameof(limit)),
        };
    }

    private static void Finds(string finding, byte[] assembly, string more = "") =>
        Assert.Contains(IlChecker.Check(assembly), f => f.Contains(finding, StringComparison.Ordinal) && f.Contains(more, StringComparison.Ordinal));

    private static byte[] Compile(string body, string members = "") => ManagedCompiler.Compile("Case", new Dictionary<string, string> { ["Case.cs"] = Source(body, members) });

    /// <summary>As <see cref="ManagedCompiler"/> compiles, with pointers.</summary>
    private static byte[] CompileUnsafe(string body)
    {
        string source = Source(body, "").Replace("static class Network", "static unsafe class Network", StringComparison.Ordinal);
        var compilation = CSharpCompilation.Create(
            "Case", [CSharpSyntaxTree.ParseText(source, cancellationToken: TestContext.Current.CancellationToken)], [MetadataReference.CreateFromImage(ManagedCompiler.CoreLibrarySurface())],
            new CSharpCompilationOptions(OutputKind.DynamicallyLinkedLibrary, optimizationLevel: OptimizationLevel.Release, allowUnsafe: true));
        using var stream = new MemoryStream();
        Microsoft.CodeAnalysis.Emit.EmitResult result = compilation.Emit(stream, cancellationToken: TestContext.Current.CancellationToken);
        Assert.True(result.Success, string.Join('\n', result.Diagnostics));
        return stream.ToArray();
    }

    private static string Source(string body, string members) =>
        "namespace Case { /// <summary>A case.</summary>\npublic static class Network { /// <summary>Runs.</summary>\npublic static void Run(sbyte[] x, sbyte[] y) { " + body + " } "
        + "internal static void Helper(sbyte[] y) { sbyte[] t = new sbyte[2]; y[0] = t[1]; } } internal sealed class Other { internal sbyte Value = 1; } " + members + " }";
}
