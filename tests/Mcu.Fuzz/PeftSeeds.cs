using System.Text;
using Mcu.Tests.Ingest;
using Mcu.Tests.Ingest.Numpy;
using Mcu.Tests.Ingest.Peft;

namespace Mcu.Fuzz;

/// <summary>Valid adapter files to mutate.</summary>
internal static class PeftSeeds
{
    private const string P = "base_model.model.";

    /// <summary>An adapter with LoRA, biases and a replaced head; the others hold each element type.</summary>
    public static IEnumerable<byte[]> Weights()
    {
        yield return new SafetensorsWriter()
            .Add(P + "body.conv.lora_A.weight", "F32", [2, 1, 3, 3], Values(18))
            .Add(P + "body.conv.lora_B.weight", "F16", [3, 2, 1, 1], Values(6))
            .Add(P + "body.conv.base_layer.bias", "F32", [3], Values(3))
            .Add(P + "fc.lora_A.weight", "BF16", [4, 3], Values(12))
            .Add(P + "fc.lora_B.weight", "BF16", [2, 4], Values(8))
            .Add(P + "head.weight", "F32", [2, 2], Values(4))
            .Add(P + "head.bias", "F32", [2], Values(2))
            .Add(P + "head.original_module.bias", "F32", [2], Values(2))
            .Add(P + "head.modules_to_save.bias", "F32", [2], Values(2))
            .ToBytes();
        yield return new SafetensorsWriter { Metadata = null }.Add("a", "I8", [3], [1, 2, 3]).Add("b", "I32", [], [4]).Add("c", "I64", [0, 2], []).ToBytes();
    }

    public static IEnumerable<byte[]> Configs() => new[]
    {
        """{"peft_type":"LORA","r":2,"lora_alpha":4,"bias":"all","modules_to_save":["head"],"use_rslora":true,"fan_in_fan_out":false,"rank_pattern":{"^fc":4,"(a|b)+c":3},"alpha_pattern":{"body\\..*":16.5},"target_modules":["conv","fc"],"init_lora_weights":"gaussian","use_dora":false,"lora_bias":false,"task_type":null}""",
        """{"peft_type":"LORA","r":2,"rank_pattern":{"(?=fc)fc":4},"bias":"lora_only","modules_to_save":null,"layer_replication":[[0,1]]}""",
        """{"peft_type":"IA3","feedforward_modules":"(?=x)x|w0","modules_to_save":["head"]}""",
        """{"peft_type":"SHIRA","r":1}""",
        """{"peft_type":"LORA","r":2,"use_dora":true,"lora_bias":false}""",
    }.Select(Encoding.UTF8.GetBytes);

    public static IEnumerable<byte[]> OrtAdapters()
    {
        yield return new OrtAdapterWriter().Add("base_model.model.fc.lora_A.weight", [2, 3], [1, 2, 3, 4, 5, 6]).Add("base_model.model.fc.lora_B.weight", [4, 2], [1, 2, 3, 4, 5, 6, 7, 8])
            .Add("base_model.model.fc.bias", [4], [1, 2, 3, 4]).Add("base_model.model.head.weight", [1, 2], [5, 6]).ToBytes();
        yield return new OrtAdapterWriter().Add("q.lora_A", [3, 1], [1, 2, 3]).Add("q.lora_B", [1, 3], [4, 5, 6]).ToBytes();
    }

    public static IEnumerable<byte[]> Archives()
    {
        yield return new NpzWriter().Add("fc.indices", [2, 3], [0L, 1, 1, 2, 0, 2]).Add("fc.values", [3], [1, 2, 3f]).Add("fc.bias", [2], [1, 2f])
            .Add("bn.running_var", [2], [1, 2f]).Add("conv.difference", [2, 1], [1, 2f]).ToBytes();
    }

    private static IEnumerable<float> Values(int count) => Enumerable.Range(0, count).Select(i => (i - 3) / 4f);
}
