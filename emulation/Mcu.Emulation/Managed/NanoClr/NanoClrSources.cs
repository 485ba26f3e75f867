using System.Globalization;
using System.Text;
using Mcu.Generator.Emit.NanoFramework;

namespace Mcu.Emulation.Managed.NanoClr;

/// <summary>C# of the assemblies that stand around networks on the interpreter: their inputs and weight images, and the program that runs them.</summary>
internal static class NanoClrSources
{
    /// <summary>First word of a line of results; decimal network, sample and 100 ns follow, then the output in hexadecimal.</summary>
    public const string Result = "MCU";

    /// <summary>Line that follows the last result.</summary>
    public const string End = "MCU-END";

    /// <summary>Line in place of <see cref="End"/> where the heap was too small.</summary>
    public const string OutOfMemory = "MCU-OUT-OF-MEMORY";

    /// <summary>Line in place of <see cref="End"/> after another exception.</summary>
    public const string Failed = "MCU-EXCEPTION";

    /// <summary>First word of the line that ends a program whose network refuses a delta image; its decimal number and the reason follow.</summary>
    public const string Refused = "MCUR";

    /// <summary>Array initialisers that one assembly holds beside its signatures.</summary>
    public const int AssemblyDataBytes = 60_000;

    private const string Support = """
        namespace McuHost
        {
            internal static class Results
            {
                internal static void Print(int network, int sample, long ticks, sbyte[] output)
                {
                    char[] text = new char[50 + 2 * output.Length];
                    text[0] = 'M';
                    text[1] = 'C';
                    text[2] = 'U';
                    int at = Number(text, Number(text, Number(text, 3, network), sample), ticks);
                    text[at++] = ' ';
                    for (int i = 0; i < output.Length; i++)
                    {
                        text[at++] = Digit((output[i] >> 4) & 15);
                        text[at++] = Digit(output[i] & 15);
                    }

                    Write(text, at);
                }

                internal static void Refuse(int image, int reason)
                {
                    char[] text = new char[30];
                    text[0] = 'M';
                    text[1] = 'C';
                    text[2] = 'U';
                    text[3] = 'R';
                    Write(text, Number(text, Number(text, 4, image), reason));
                    throw new System.ArgumentException();
                }

                private static void Write(char[] text, int length)
                {
                    char[] line = new char[length];
                    System.Array.Copy(text, line, length);
                    System.Console.WriteLine(new string(line));
                }

                private static int Number(char[] text, int at, long value)
                {
                    text[at++] = ' ';
                    int digits = 1;
                    for (long rest = value / 10; rest > 0; rest /= 10)
                    {
                        digits++;
                    }

                    for (int i = at + digits - 1; i >= at; i--)
                    {
                        text[i] = Digit((int)(value % 10));
                        value /= 10;
                    }

                    return at + digits;
                }

                private static char Digit(int value)
                {
                    return (char)(value < 10 ? 48 + value : 87 + value);
                }
            }
        }
        """;

    /// <summary>The program, without its data.</summary>
    /// <param name="networks">Networks that take turns with each sample; all have the same input.</param>
    /// <param name="images">Per network what it is constructed from and what is attached to it.</param>
    /// <param name="inputs">Classes whose arrays are the samples.</param>
    public static SortedDictionary<string, string> Program(IReadOnlyList<NanoClrNetwork> networks, IReadOnlyList<NanoClrImages> images, IReadOnlyList<NanoClrData> inputs, int samples)
    {
        var text = new StringBuilder();
        text.Append("namespace McuHost\n{\n    internal static class Program\n    {\n");
        text.Append("        private static void Main()\n        {\n            try\n            {\n                Work();\n");
        text.Append("                System.Console.WriteLine(\"").Append(End).Append("\");\n            }\n");
        text.Append("            catch (System.OutOfMemoryException)\n            {\n                System.Console.WriteLine(\"").Append(OutOfMemory).Append("\");\n            }\n");
        text.Append("            catch (System.Exception)\n            {\n                System.Console.WriteLine(\"").Append(Failed).Append("\");\n            }\n        }\n\n");
        text.Append("        private static void Work()\n        {\n");
        for (int i = 0; i < networks.Count; i++)
        {
            string name = "global::" + networks[i].Emission.FullName;
            text.Append(CultureInfo.InvariantCulture, $"            {name} n{i} = new {name}({(images[i].Weights.Count == 0 ? "" : $"Image{i}()")});\n");
            text.Append(CultureInfo.InvariantCulture, $"            if (!n{i}.Select({networks[i].Adapter}))\n            {{\n                throw new System.ArgumentException();\n            }}\n\n");
            for (int k = 0; k < images[i].Deltas.Count; k++)
            {
                text.Append(CultureInfo.InvariantCulture, $"            int reason{i}N{k} = n{i}.Attach(Delta{i}N{k}());\n");
                text.Append(CultureInfo.InvariantCulture, $"            if (reason{i}N{k} != 0)\n            {{\n                Results.Refuse({k}, reason{i}N{k});\n            }}\n\n");
            }
        }

        string first = "global::" + networks[0].Emission.FullName;
        text.Append("            sbyte[] all = Inputs();\n");
        text.Append(CultureInfo.InvariantCulture, $"            sbyte[] input = new sbyte[{first}.InputLength];\n            sbyte[] output = new sbyte[{first}.OutputLength];\n");
        text.Append(CultureInfo.InvariantCulture, $"            for (int i = 0; i < {samples}; i++)\n            {{\n                long start;\n                long end;\n");
        text.Append(CultureInfo.InvariantCulture, $"                System.Array.Copy(all, i * {first}.InputLength, input, 0, {first}.InputLength);\n");
        for (int i = 0; i < networks.Count; i++)
        {
            text.Append("                start = System.DateTime.UtcNow.Ticks;\n");
            text.Append(CultureInfo.InvariantCulture, $"                n{i}.Run(input, output);\n");
            text.Append("                end = System.DateTime.UtcNow.Ticks;\n");
            text.Append(CultureInfo.InvariantCulture, $"                Results.Print({i}, i, end - start, output);\n");
        }

        text.Append("            }\n        }\n");
        Concatenation(text, "sbyte", "Inputs", inputs);
        for (int i = 0; i < images.Count; i++)
        {
            Concatenation(text, "byte", $"Image{i}", images[i].Weights);
            for (int k = 0; k < images[i].Deltas.Count; k++)
            {
                Concatenation(text, "byte", $"Delta{i}N{k}", images[i].Deltas[k]);
            }
        }

        text.Append("    }\n}\n");
        return new SortedDictionary<string, string>(StringComparer.Ordinal) { ["Program.cs"] = text.ToString(), ["Results.cs"] = Support };
    }

    /// <summary>Arrays of at most <see cref="AssemblyDataBytes"/>, each the only member of a class in an assembly of its own.</summary>
    /// <param name="type"><c>byte</c> or <c>sbyte</c>.</param>
    public static IEnumerable<NanoClrData> Data(string stem, string type, ReadOnlyMemory<byte> bytes)
    {
        for (int at = 0, part = 0; at < bytes.Length; at += AssemblyDataBytes, part++)
        {
            ReadOnlyMemory<byte> slice = bytes.Slice(at, Math.Min(AssemblyDataBytes, bytes.Length - at));
            string name = string.Create(CultureInfo.InvariantCulture, $"{stem}{part}");
            var text = new StringBuilder();
            text.Append("/// <summary>Data.</summary>\npublic static class ").Append(name).Append("\n{\n    /// <summary>A new array.</summary>\n    public static ");
            text.Append(type).Append("[] Make()\n    {\n        return new ").Append(type).Append("[]\n        {\n");
            foreach (byte value in slice.Span)
            {
                text.Append(CultureInfo.InvariantCulture, $"{(type == "byte" ? value : (sbyte)value)},\n");
            }

            text.Append("        };\n    }\n}\n");
            yield return new NanoClrData(name, slice.Length, text.ToString());
        }
    }

    private static void Concatenation(StringBuilder text, string type, string name, IReadOnlyList<NanoClrData> parts)
    {
        if (parts.Count == 0)
        {
            return;
        }

        text.Append(CultureInfo.InvariantCulture, $"\n        private static {type}[] {name}()\n        {{\n            {type}[] all = new {type}[{parts.Sum(p => p.Bytes)}];\n");
        int at = 0;
        foreach (NanoClrData part in parts)
        {
            text.Append(CultureInfo.InvariantCulture, $"            System.Array.Copy(global::{part.Name}.Make(), 0, all, {at}, {part.Bytes});\n");
            at += part.Bytes;
        }

        text.Append("            return all;\n        }\n");
    }
}

/// <summary>A network to run on the interpreter.</summary>
/// <param name="Assembly">As <see cref="ManagedVerifier"/> made it.</param>
/// <param name="Adapter">What is selected; 0 for the base.</param>
internal sealed record NanoClrNetwork(NanoEmission Emission, byte[] Assembly, int Adapter)
{
    /// <summary>Delta images to attach, in order; only where the class takes them.</summary>
    public IReadOnlyList<ReadOnlyMemory<byte>> Deltas { get; init; } = [];
}

/// <summary>Classes whose arrays, one after the other, make images of one network.</summary>
/// <param name="Weights">Its weight image; none where its weights are in the code.</param>
/// <param name="Deltas">Its delta images.</param>
internal sealed record NanoClrImages(IReadOnlyList<NanoClrData> Weights, IReadOnlyList<IReadOnlyList<NanoClrData>> Deltas)
{
    public IEnumerable<NanoClrData> All => Weights.Concat(Deltas.SelectMany(d => d));
}

/// <summary>A class whose <c>Make</c> gives a part of some data.</summary>
internal sealed record NanoClrData(string Name, int Bytes, string Source);
